// What is written leaves in order, whatever the kernel takes at a time, and what waits is told of, bounded and released.
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "net/peer_test_support.h"

namespace corebuf::test {
namespace {

/// The descriptor in this process that is connected to the TCP socket `fd`.
int other_end_of(int fd) {
  const uint16_t port = os_socket::local_address(fd).value().port();
  for (int other = 0; other < 1024; ++other) {
    const auto connected_to = os_socket::peer_address(other);
    if (connected_to && connected_to.value().port() == port) return other;
  }
  return -1;
}

class sending_test : public net_suite {
 protected:
  static constexpr size_t much = 16 * MiB;  // more than a kernel takes of a peer that does not read

  /// Until the kernel takes no more.
  void fill(uint32_t id) {
    host.send(id, letters(much));
    ASSERT_TRUE(host.turn_until([&] { return host.of(id).unsent; }));
    for (uint64_t before = UINT64_MAX; before != host.of(id).sent;) {
      before = host.of(id).sent;
      for (int round = 0; round < 20; ++round) host.turn(1);
    }
  }
};

TEST_P(sending_test, what_the_kernel_does_not_take_follows_when_the_peer_reads) {
  auto [peer, id] = meet();
  fill(id);
  EXPECT_LT(host.of(id).sent, much);
  host.send(id, "and more");
  std::string got;
  std::thread reader([&, &peer = peer] { got = peer.read(much + 8); });
  EXPECT_TRUE(host.turn_until([&, &id = id] { return host.of(id).sent == much + 8; }));
  reader.join();
  EXPECT_FALSE(host.of(id).unsent);
  EXPECT_TRUE(got == letters(much) + "and more");
}

TEST_P(sending_test, a_socket_that_takes_everything_at_once_is_told_of_only_when_asked) {
  auto [peer, id] = meet();
  host.send(id, "silent");
  host.turn(0);
  EXPECT_EQ(host.of(id).sent_events, 0);
  host.send(id, "told", true);
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).sent_events == 1; }));
  EXPECT_EQ(host.of(id).sent, 10u);
  host.send(id, "silent again");
  host.turn(0);
  EXPECT_EQ(host.of(id).sent_events, 1);
}

TEST_P(sending_test, an_empty_chain_is_sent_like_any_other) {
  auto [peer, id] = meet();
  host.send(id, "", true);
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).sent_events == 1; }));
  host.command(net_command::end, id);
  host.turn(0);
  EXPECT_EQ(peer.end(), 0);
}

TEST_P(sending_test, a_peer_that_takes_nothing_for_too_long_is_given_up) {
  auto [peer, id] = meet();
  host.command(net_command::idle_limit, id, 10'000);
  fill(id);
  EXPECT_LE(host.net().deadline_us(), host.now_us() + 10'000'000);
  host.ahead_us += 9'000'000;
  host.turn(0);
  EXPECT_FALSE(host.of(id).closed);
  host.ahead_us += 1'100'000;
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).closed; }));
  EXPECT_EQ(host.of(id).os_errno, ETIMEDOUT);
  EXPECT_EQ(host.of(id).call, net_call::write);
  EXPECT_EQ(host.net().stats().idle_ended, 1u);
}

TEST_P(sending_test, a_peer_that_takes_something_has_its_whole_idle_limit_again) {
  auto [peer, id] = meet();
  host.command(net_command::idle_limit, id, 10'000);
  fill(id);
  for (int round = 0; round < 5; ++round) {
    host.ahead_us += 8'000'000;
    for (const uint64_t before = host.of(id).sent; host.of(id).sent == before;) {
      peer.read_some(64 * KiB);
      host.turn(1);
    }
    ASSERT_FALSE(host.of(id).closed) << round;
    ASSERT_TRUE(host.of(id).unsent);
  }
}

TEST_P(sending_test, a_peer_that_takes_too_little_for_the_kernel_to_ask_for_more_is_not_given_up) {
  if (GetParam().unix_socket) GTEST_SKIP() << "the kernel asks a Unix socket for more as soon as a part of two is taken";
  auto [peer, id] = meet();
  host.command(net_command::idle_limit, id, 10'000);
  fill(id);
  const int fd = other_end_of(peer.get());
  const uint64_t sent = host.of(id).sent;
  size_t rounds = 0;
  for (std::string piece(16 * KiB, '?'); host.of(id).sent == sent; ++rounds) {
    // What the peer reads makes room in its buffer for bytes that waited in ours; it acknowledges them a moment later.
    // That may be all there was: then the kernel asks for more.
    const size_t before = os_socket::untaken(fd);
    while (before > 0 && os_socket::untaken(fd) >= before) {
      ::recv(peer.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    }
    if (before > 0) host.ahead_us += 11'000'000;
    host.turn(0);
    ASSERT_FALSE(host.of(id).closed) << rounds;
  }
  EXPECT_GT(rounds, 1u) << "the kernel asks at once, and the test shows nothing";
}

TEST_P(sending_test, nobody_is_given_up_while_nothing_waits) {
  auto [peer, id] = meet();
  host.command(net_command::idle_limit, id, 10);
  host.send(id, "gone at once");
  host.turn(0);
  host.ahead_us += 3'600'000'000;
  host.turn(0);
  EXPECT_FALSE(host.of(id).closed);
  EXPECT_EQ(host.net().deadline_us(), UINT64_MAX);
}

TEST_P(sending_test, a_turn_without_time_sends_in_order_over_several) {
  constexpr size_t connections = 60;
  std::vector<std::pair<peer, uint32_t>> all;
  for (size_t at = 0; at < connections; ++at) all.push_back(meet());
  for (size_t at = 0; at < connections; ++at) host.send(all[at].second, letters(3000, at));
  host.ahead_per_look_us = 1'000'000;
  EXPECT_FALSE(host.net().flush()) << "there is more to do";
  host.ahead_per_look_us = 0;
  while (!host.net().flush()) host.turn(0);
  for (size_t at = 0; at < connections; ++at) EXPECT_EQ(all[at].first.read(3000), letters(3000, at));
}

TEST_P(sending_test, little_leaves_before_much_and_who_had_no_time_before_both) {
  auto [peer_of_first, first] = meet();
  auto [peer_of_second, second] = meet();
  auto [peer_of_little, little] = meet();
  host.turn(0);
  host.ahead_per_look_us = 1'000'000;  // One connection with much takes all time of a turn.
  host.send(first, letters(much));
  host.send(second, letters(much));
  host.send(little, "little", true);
  host.turn(0);
  EXPECT_EQ(host.of(little).sent, 6u);
  ASSERT_EQ((host.of(first).sent > 0) + (host.of(second).sent > 0), 1);
  const uint32_t late = host.of(first).sent > 0 ? second : first;
  host.send(little, "more", true);
  host.turn(0);
  EXPECT_GT(host.of(late).sent, 0u);
  host.ahead_per_look_us = 0;
  ASSERT_TRUE(host.turn_until([&, &id = little] { return host.of(id).sent == 10; }));
}

TEST_P(sending_test, fragments_of_another_shard_are_home_once_the_kernel_has_them) {
  auto [peer, id] = meet();
  buffer_host other;
  iobuf foreign;
  other.act([&](shard& there) { ASSERT_TRUE(foreign.append(there, bytes_of(letters(50'000)))); });
  intrusive_list<homebound> payload = other.act([&](shard& there) { return foreign.depart(there); });
  const uint32_t slot = host.slots().make();
  host.slots()[slot] = iobuf::arrive(payload, 50'000);
  std::string got;
  std::thread reader([&, &peer = peer] { got = peer.read(50'000); });
  host.command(net_command::send, id, slot, 1);
  EXPECT_TRUE(host.turn_until([&, &id = id] { return host.of(id).sent == 50'000; }));
  reader.join();
  other.turn();
  EXPECT_EQ(other.live(), 0u);
  EXPECT_EQ(got, letters(50'000));
}

TEST_P(sending_test, what_was_not_sent_of_another_shard_goes_home_when_the_connection_closes) {
  auto [peer, id] = meet();
  fill(id);
  buffer_host other;
  iobuf foreign;
  other.act([&](shard& there) { ASSERT_TRUE(foreign.append(there, bytes_of(letters(50'000)))); });
  intrusive_list<homebound> payload = other.act([&](shard& there) { return foreign.depart(there); });
  const uint32_t slot = host.slots().make();
  host.slots()[slot] = iobuf::arrive(payload, 50'000);
  host.command(net_command::send, id, slot);
  host.turn(0);
  host.command(net_command::close, id);
  host.turn(0);
  other.turn();
  EXPECT_EQ(other.live(), 0u);
}

INSTANTIATE_TEST_SUITE_P(on, sending_test, all_net_setups(), name_of_setup);

}  // namespace
}  // namespace corebuf::test
