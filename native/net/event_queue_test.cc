#include "net/event_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "buffer/buffer_host_test_support.h"

namespace corebuf {
namespace {

class event_queue_test : public testing::Test {
 protected:
  ~event_queue_test() override {
    events_.drop_all();
    table_.each([this](connection& each) { table_.free(each); });
  }

  std::vector<net_event_record> told(size_t room = 64) {
    std::vector<net_event_record> list(room);
    list.resize(events_.tell(list));
    return list;
  }

  buffer_host host_{4 * MiB};
  acting_as here_{host_->id()};
  connection_table table_{*host_};
  event_queue events_{table_};
};

TEST_F(event_queue_test, what_has_happened_to_a_connection_is_told_together_and_in_order) {
  connection& of = *table_.make();
  of.close_errno = 7;
  of.close_call = net_call::read;
  for (const net_event kind : {net_event::closed, net_event::ended, net_event::received, net_event::received, net_event::accepted}) {
    events_.add(of, kind);
  }
  of.received_untold = 30;
  of.accepted_by = 9;
  const auto list = told();
  ASSERT_EQ(list.size(), 4u);
  const net_event order[] = {net_event::accepted, net_event::received, net_event::ended, net_event::closed};
  for (size_t at = 0; at < 4; ++at) {
    EXPECT_EQ(list[at].kind, order[at]);
    EXPECT_EQ(list[at].socket, of.id);
  }
  EXPECT_EQ(list[0].low, 9u);
  EXPECT_EQ(list[1].low, 30u);
  EXPECT_EQ(list[3].low, 7u);
  EXPECT_EQ(list[3].high, static_cast<uint32_t>(net_call::read));
}

TEST_F(event_queue_test, only_the_last_word_about_sending_is_told) {
  connection& of = *table_.make();
  of.bytes_sent = (uint64_t{5} << 32) + 17;
  events_.add_sent(of, false);
  events_.add_sent(of, true);
  const auto list = told();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].kind, net_event::sent);
  EXPECT_EQ(list[0].low, 17u);
  EXPECT_EQ(list[0].high, 5u);
}

TEST_F(event_queue_test, a_small_list_is_continued_in_the_next_call) {
  std::vector<uint32_t> expected, seen;
  for (int at = 0; at < 100; ++at) {
    connection& of = *table_.make();
    events_.add(of, net_event::received);
    expected.push_back(of.id);
  }
  events_.add({net_event::starved, no_socket, 1, 0});
  for (auto list = told(net_records_per_socket); !list.empty(); list = told(net_records_per_socket)) {
    for (const net_event_record& each : list) {
      if (each.kind == net_event::received) seen.push_back(each.socket);
    }
  }
  EXPECT_EQ(seen, expected);
  EXPECT_TRUE(events_.empty());
}

TEST_F(event_queue_test, an_id_is_good_until_the_program_has_read_of_the_end) {
  connection& of = *table_.make();
  const uint32_t id = of.id;
  events_.add(of, net_event::closed);
  EXPECT_EQ(told().size(), 1u);
  EXPECT_NE(table_.find(id), nullptr) << "the program has the list, but has not said that it has read it";
  events_.heard();
  EXPECT_EQ(table_.find(id), nullptr);
}

TEST_F(event_queue_test, a_connection_that_is_gone_is_not_told_of) {
  connection& of = *table_.make();
  events_.add(of, net_event::received);
  table_.free(of);
  EXPECT_TRUE(told().empty());
}

TEST_F(event_queue_test, a_queue_that_is_never_empty_does_not_grow) {
  std::vector<connection*> all;
  for (int at = 0; at < 10; ++at) all.push_back(table_.make());
  for (int round = 0; round < 100'000; ++round) {
    for (connection* each : all) events_.add(*each, net_event::received);
    ASSERT_EQ(told(net_records_per_socket).size(), 1u);
  }
  size_t left = 0;
  while (!told().empty()) ++left;
  EXPECT_LE(left, 1u);
}

}  // namespace
}  // namespace corebuf
