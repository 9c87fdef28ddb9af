// A connection that is ready alone is watched by the event loop itself, until another one is, and behaves like any other.
#include "net/direct_watch.h"

#include <gtest/gtest.h>

#include <thread>

#include "net/lone_connection.h"
#include "net/peer_test_support.h"

namespace corebuf::test {
namespace {

class direct_watch_test : public net_suite {
 protected:
  void exchange(peer& with, uint32_t id, uint32_t rounds) {
    for (uint32_t round = 0; round < rounds; ++round) {
      with.write("ping");
      ASSERT_TRUE(host.turn_until([&] { return host.input(id).length() == 4; }));
      ASSERT_EQ(host.take_input(id), "ping");
      host.send(id, "pong");
      host.net().flush();
      ASSERT_EQ(with.read(4), "pong");
    }
  }
  /// Until it is watched directly.
  void be_alone(peer& with, uint32_t id) {
    const int before = host.loop.watched;
    exchange(with, id, lone_connection::sure_after + 1);
    ASSERT_NE(host.loop.watched, -1);
    ASSERT_NE(host.loop.watched, before);
  }
  uint64_t polls() { return host.net().stats().polls; }
};

TEST_P(direct_watch_test, the_poller_is_not_asked_for_a_connection_that_is_alone) {
  auto [client, id] = meet();
  EXPECT_EQ(host.loop.watched, -1);
  be_alone(client, id);
  const uint64_t before = polls();
  exchange(client, id, 100);
  EXPECT_LE(polls(), before + 1) << "a poller with a thread may wake once for nothing";
}

TEST_P(direct_watch_test, others_are_heard_in_the_same_turn) {
  auto [busy, busy_id] = meet();
  auto [other, other_id] = meet();
  be_alone(busy, busy_id);
  busy.write("me");
  other.write("and I?");
  ASSERT_TRUE(host.turn_until([&, &id = other_id] { return host.of(id).received == 6; }));
  EXPECT_EQ(host.take_input(busy_id), "me");
  EXPECT_EQ(host.take_input(other_id), "and I?");
}

TEST_P(direct_watch_test, two_that_take_turns_do_not_change_places) {
  auto [first, first_id] = meet();
  auto [second, second_id] = meet();
  be_alone(first, first_id);
  const int watched = host.loop.watched;
  for (uint32_t round = 0; round < 2 * lone_connection::sure_after; ++round) {
    exchange(first, first_id, 1);
    exchange(second, second_id, 1);
  }
  EXPECT_EQ(host.loop.watched, watched);
}

TEST_P(direct_watch_test, another_that_is_alone_takes_the_place_of_the_one_before) {
  auto [first, first_id] = meet();
  auto [second, second_id] = meet();
  be_alone(first, first_id);
  be_alone(second, second_id);
  exchange(first, first_id, 1);
  exchange(second, second_id, 1);
}

TEST_P(direct_watch_test, a_connection_that_was_alone_rests_while_it_is_paused) {
  auto [client, id] = meet();
  be_alone(client, id);
  host.command(net_command::pause, id);
  client.write("later");
  ASSERT_TRUE(host.turn_until([&] { return host.loop.watched == -1; }));
  for (int round = 0; round < 20; ++round) host.turn(0);
  EXPECT_TRUE(host.input(id).empty());
  const uint64_t before = polls();
  for (int round = 0; round < 20; ++round) host.turn(0);
  EXPECT_EQ(polls(), before) << "it wakes nobody";
  host.command(net_command::resume, id);
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.input(id).length() == 5; }));
  host.take_input(id);
  be_alone(client, id);
}

TEST_P(direct_watch_test, a_reset_is_told_whether_the_connection_is_read_or_paused) {
  if (GetParam().unix_socket) GTEST_SKIP() << "Unix sockets know no reset";
  for (const bool paused : {false, true}) {
    auto [client, id] = meet();
    be_alone(client, id);
    if (paused) host.command(net_command::pause, id);
    client.reset();
    ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).closed; })) << paused;
    EXPECT_EQ(host.of(id).os_errno, ECONNRESET);
    EXPECT_EQ(host.loop.watched, -1);
  }
}

TEST_P(direct_watch_test, the_end_and_the_close_of_a_connection_end_its_watch) {
  auto [ending, ending_id] = meet();
  be_alone(ending, ending_id);
  ending.close();
  ASSERT_TRUE(host.turn_until([&, &id = ending_id] { return host.of(id).ended; }));
  EXPECT_EQ(host.loop.watched, -1);
  auto [closing, closing_id] = meet();
  be_alone(closing, closing_id);
  host.command(net_command::close, closing_id);
  EXPECT_EQ(host.loop.watched, -1);
}

TEST_P(direct_watch_test, a_connection_that_leaves_the_shard_leaves_the_loop) {
  auto [client, id] = meet();
  be_alone(client, id);
  auto taken = host.net().detach(id);
  ASSERT_TRUE(taken.ok());
  EXPECT_EQ(host.loop.watched, -1);
  const uint32_t again = host.net().adopt(std::move(taken.value())).value();
  host.start(again);
  exchange(client, again, 1);
}

TEST_P(direct_watch_test, what_it_cannot_send_at_once_waits_for_the_poller) {
  auto [client, id] = meet();
  be_alone(client, id);
  const std::string much = letters(8 * MiB);
  host.send(id, much);
  std::thread reader([&, &client = client] { EXPECT_EQ(client.read(much.size()), much); });
  EXPECT_TRUE(host.turn_until([&, &id = id] { return host.of(id).sent >= much.size(); }));
  reader.join();
  EXPECT_NE(host.loop.watched, -1);
  exchange(client, id, 1);
}

TEST_P(direct_watch_test, where_the_loop_cannot_the_poller_goes_on) {
  auto [client, id] = meet();
  host.loop.refuse = true;
  exchange(client, id, 2 * lone_connection::sure_after);
  EXPECT_EQ(host.loop.watched, -1);
}

INSTANTIATE_TEST_SUITE_P(on, direct_watch_test, all_net_setups(), name_of_setup);

}  // namespace
}  // namespace corebuf::test
