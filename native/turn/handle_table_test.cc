#include "turn/handle_table.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/fuzz_test_support.h"
#include "turn/turn_test_support.h"

namespace corebuf::test {
namespace {

constexpr size_t block_bytes = handle_table::block_slots * handle_table::slot_size;

class handle_table_test : public testing::Test {
 protected:
  handle_table_test() { table.add_block(block.data()); }
  void TearDown() override {
    host.act([&](shard& here) { table.release_all(here); });
    EXPECT_TRUE(all_home({&host}));
  }

  void append(size_t slot, std::string_view text) {
    host.act([&](shard& here) {
      ASSERT_TRUE(open_handle(here, table.to_read_or_append(slot))->append(here, bytes_of(text)));
    });
  }

  std::string text(size_t slot) {
    return host.act([&](shard& here) { return text_of(*open_handle(here, table.to_read_or_append(slot))); });
  }

  buffer_host host;
  words_of_javascript block{block_bytes};
  words_of_javascript second{block_bytes};
  handle_table table;
};

TEST_F(handle_table_test, numbers_blocks_in_the_order_in_which_they_come) {
  EXPECT_EQ(table.add_block(second.data()), 1u);
  EXPECT_EQ(table.slots(), 2 * handle_table::block_slots);
  append(handle_table::block_slots, "in the second block");
  EXPECT_EQ(&table.to_read_or_append(handle_table::block_slots), reinterpret_cast<handle*>(second.data()));
  EXPECT_EQ(text(handle_table::block_slots), "in the second block");
  EXPECT_EQ(text(0), "");
}

TEST_F(handle_table_test, tells_javascript_where_the_front_and_the_slack_lie) {
  append(7, "four");
  const handle& shown = table.to_read_or_append(7);
  EXPECT_EQ(shown.front.start(), shown.bytes.front()->data);
  EXPECT_EQ(shown.slack.start(), shown.bytes.slack().data());
  EXPECT_EQ(owner(shown.front.start()), host->id());
  EXPECT_LT(shown.front.offset, region_size);
}

TEST_F(handle_table_test, adds_what_javascript_wrote_into_the_slack_to_the_chain) {
  append(0, "written by C++");
  handle& shown = table.to_read_or_append(0);
  const std::string_view more = " and JavaScript";
  more.copy(reinterpret_cast<char*>(shown.slack.start()), more.size());
  shown.pending = static_cast<uint32_t>(more.size());
  EXPECT_EQ(text(0), "written by C++ and JavaScript");
  EXPECT_EQ(shown.pending, 0u);
  EXPECT_EQ(shown.slack.start(), shown.bytes.slack().data());
}

TEST_F(handle_table_test, names_memory_outside_of_every_arena_by_a_region_that_does_not_exist) {
  int outside = 0;
  EXPECT_EQ(region_address::of(&outside).region, region_address::region_outside);
}

TEST_F(handle_table_test, releases_the_slots_that_javascript_lists) {
  for (const size_t slot : {3, 4, 5}) append(slot, "listed or not");
  std::vector<uint32_t> list = {2, 5, 3};  // a count, and the slots
  list.resize(handle_table::listed_max + 1);
  table.list_in(list.data());
  host.act([&](shard& here) { table.release_listed(here); });
  table.list_in(nullptr);
  EXPECT_EQ(list[0], 0u);
  EXPECT_EQ(text(3), "");
  EXPECT_EQ(text(4), "listed or not");
  EXPECT_EQ(text(5), "");
}

TEST_F(handle_table_test, forgets_a_position_when_any_fragment_may_change) {
  table.position(1).index = 9;
  (void)table.to_read_or_append(1);
  EXPECT_EQ(table.position(1).index, 9u);
  (void)table.to_change(2);
  EXPECT_EQ(table.position(1).index, 9u);
  (void)table.to_change(1);
  EXPECT_EQ(table.position(1).index, 0u);
}

TEST_F(handle_table_test, gives_a_slot_no_position_of_another_one) {
  const size_t same_entry = 1 + 8;  // positions are kept by slot modulo 8
  table.position(1).index = 9;
  EXPECT_EQ(table.position(same_entry).index, 0u);
  EXPECT_EQ(table.position(1).index, 0u);
}

TEST_F(handle_table_test, counts_what_its_own_chains_refer_to_and_not_what_has_departed) {
  append(0, "stays");
  append(1, "departs");
  append(2, "shared");
  host.act([&](shard& here) {
    EXPECT_EQ(table.referenced_of(here.id()), 18u);
    EXPECT_EQ(table.referenced_of(static_cast<shard_id>(here.id() + 1)), 0u);
    intrusive_list<homebound> departed = open_handle(here, table.to_change(1))->depart(here);
    EXPECT_EQ(table.referenced_of(here.id()), 11u);
    EXPECT_EQ(here.holdings_here().referenced, 18u);
    here.release(std::move(departed));
    EXPECT_EQ(here.holdings_here().referenced, 11u);
  });
}

TEST_F(handle_table_test, releases_everything_when_the_thread_ends) {
  for (size_t slot = 0; slot < handle_table::block_slots; slot += 50) append(slot, "held until the end");
  host.act([&](shard& here) { table.release_all(here); });
  EXPECT_EQ(host.live(), 0u);
}

/// Reads begin at remembered positions; a plain string says what they must give.
TEST_F(handle_table_test, reads_the_same_bytes_whatever_position_it_remembers) {
  std::mt19937_64 random = seeded_random();
  const auto below = [&](size_t end) { return static_cast<size_t>(random() % end); };
  constexpr size_t slots = 20;  // more than positions
  const size_t steps = test_ops(20'000);
  std::vector<std::string> model(slots);
  for (size_t step = 0; step < steps; ++step) {
    const size_t slot = below(slots);
    std::string& expected = model[slot];
    host.act([&](shard& here) {
      switch (below(5)) {
        case 0: {
          const std::string added = letters(1 + below(700), below(10'000));
          ASSERT_TRUE(open_handle(here, table.to_read_or_append(slot))->append(here, bytes_of(added)));
          expected += added;
          break;
        }
        case 1: {
          const size_t length = below(expected.size() + 1);
          open_handle(here, table.to_change(slot))->trim_front(here, length);
          expected.erase(0, length);
          break;
        }
        case 2: {
          const size_t length = expected.size() > 50'000 ? expected.size() : below(expected.size() / 8 + 1);
          open_handle(here, table.to_change(slot))->trim_back(here, length);
          expected.resize(expected.size() - length);
          break;
        }
        default: {
          const size_t start = below(expected.size() + 1);
          const open_handle chain(here, table.to_read_or_append(slot));
          std::string copied(below(expected.size() - start + 1), '?');
          chain->copy_out(start, std::as_writable_bytes(std::span(copied)), table.position(slot));
          ASSERT_EQ(copied, expected.substr(start, copied.size())) << "step " << step;
        }
      }
    });
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace corebuf::test
