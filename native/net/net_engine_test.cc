// Connections from their beginning to their end, with plain sockets at the other side.
#include "net/net_engine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <thread>

#include "net/peer_test_support.h"

namespace corebuf::test {
namespace {

class net_engine_test : public net_suite {};

TEST_P(net_engine_test, what_a_peer_sends_comes_into_the_input_and_what_is_sent_reaches_the_peer) {
  auto [peer, id] = meet();
  peer.write("question");
  ASSERT_TRUE(host.turn_until([&] { return host.of(id).received == 8; }));
  EXPECT_EQ(host.take_input(id), "question");
  host.send(id, "ans");
  host.send(id, "wer");
  host.turn(0);
  EXPECT_EQ(peer.read(6), "answer");
}

TEST_P(net_engine_test, many_small_chains_of_one_turn_leave_in_one_system_call) {
  auto [peer, id] = meet();
  for (int at = 0; at < 100; ++at) host.send(id, letters(100, at));
  const uint64_t before = host.net().stats().sends;
  host.turn(0);
  EXPECT_EQ(host.net().stats().sends, before + 1);
  for (int at = 0; at < 100; ++at) EXPECT_EQ(peer.read(100), letters(100, at));
}

TEST_P(net_engine_test, both_sides_may_be_engines) {
  listen();
  const auto connected = host.net().connect(address);
  ASSERT_TRUE(connected.ok()) << connected.failure().os_errno;
  const uint32_t ours = connected.value();
  host.start(ours);
  host.send(ours, "written before it was connected");
  const uint32_t theirs = host.accept();
  ASSERT_TRUE(host.turn_until([&] { return host.of(theirs).received == 31 && host.of(ours).connected; }));
  EXPECT_EQ(host.take_input(theirs), "written before it was connected");
  host.command(net_command::end, ours);
  host.command(net_command::end, theirs);
  ASSERT_TRUE(host.turn_until([&] { return host.of(ours).closed && host.of(theirs).closed; }));
  EXPECT_EQ(host.of(ours).os_errno, 0);
  EXPECT_EQ(host.of(theirs).os_errno, 0);
}

TEST_P(net_engine_test, the_end_of_one_direction_leaves_the_other_open) {
  auto [peer, id] = meet();
  peer.write("last words");
  peer.end_sending();
  ASSERT_TRUE(host.turn_until([&] { return host.of(id).ended; }));
  EXPECT_EQ(host.take_input(id), "last words");
  host.turn(0);
  EXPECT_FALSE(host.of(id).closed);
  host.send(id, letters(100'000));
  host.command(net_command::end, id);
  std::string got;
  std::thread reader([&, &peer = peer] { got = peer.read(100'000); });
  EXPECT_TRUE(host.turn_until([&] { return host.of(id).closed; }));
  reader.join();
  EXPECT_EQ(got, letters(100'000));
  EXPECT_EQ(peer.end(), 0);
  EXPECT_EQ(host.of(id).os_errno, 0);
}

TEST_P(net_engine_test, end_comes_behind_what_was_sent_and_reading_goes_on) {
  auto [peer, id] = meet();
  host.send(id, "goodbye");
  host.command(net_command::end, id);
  host.send(id, "too late");
  host.turn(0);
  EXPECT_EQ(peer.read(100), "goodbye");
  peer.write("and you");
  ASSERT_TRUE(host.turn_until([&] { return host.of(id).received == 7; }));
  peer.close();
  ASSERT_TRUE(host.turn_until([&] { return host.of(id).closed; }));
  EXPECT_TRUE(host.of(id).ended);
  EXPECT_EQ(host.of(id).os_errno, 0);
}

TEST_P(net_engine_test, finish_sends_everything_and_closes_without_waiting_for_the_peer) {
  auto [peer, id] = meet();
  host.send(id, letters(2'000'000));
  host.command(net_command::finish, id);
  std::string got;
  std::thread reader([&, &peer = peer] { got = peer.read(2'000'000); });
  EXPECT_TRUE(host.turn_until([&] { return host.of(id).closed; }));
  reader.join();
  EXPECT_EQ(got, letters(2'000'000));
  EXPECT_EQ(peer.end(), 0);
}

TEST_P(net_engine_test, finish_behind_an_end_does_not_wait_for_the_peer_either) {
  auto [peer, id] = meet();
  host.send(id, "the last");
  host.command(net_command::end, id);
  host.turn(0);
  EXPECT_EQ(peer.read(8), "the last");
  EXPECT_EQ(peer.end(), 0);
  EXPECT_FALSE(host.of(id).closed);
  host.command(net_command::finish, id);
  EXPECT_TRUE(host.turn_until([&, &id = id] { return host.of(id).closed; }));
}

TEST_P(net_engine_test, close_sends_what_was_written_before_it_and_drops_what_was_written_behind_it) {
  auto [peer, id] = meet();
  host.send(id, "why");
  host.command(net_command::close, id);
  host.send(id, "never");
  host.turn(0);
  EXPECT_TRUE(host.of(id).closed);
  EXPECT_EQ(peer.read(3), "why");
  EXPECT_EQ(peer.end(), 0);
}

TEST_P(net_engine_test, close_does_not_wait_for_a_peer_that_takes_nothing) {
  constexpr size_t much = 16 * MiB;
  auto [peer, id] = meet();
  host.send(id, letters(much));
  host.command(net_command::close, id);
  host.turn(0);
  EXPECT_TRUE(host.of(id).closed);
  EXPECT_LT(peer.read(much).size(), much);
}

TEST_P(net_engine_test, reset_is_an_error_for_the_peer) {
  if (GetParam().unix_socket) GTEST_SKIP() << "a Unix socket has no resets";
  auto [peer, id] = meet();
  host.command(net_command::reset, id);
  host.turn(0);
  EXPECT_EQ(peer.end(), -ECONNRESET);
}

TEST_P(net_engine_test, a_peer_that_resets_is_an_error_of_reading_after_what_it_had_sent) {
  if (GetParam().unix_socket) GTEST_SKIP() << "a Unix socket has no resets";
  auto [peer, id] = meet();
  peer.write("before");
  peer.reset();
  ASSERT_TRUE(host.turn_until([&] { return host.of(id).closed; }));
  EXPECT_EQ(host.of(id).os_errno, ECONNRESET);
  EXPECT_EQ(host.of(id).call, net_call::read);
  EXPECT_EQ(host.take_input(id), "before");
  EXPECT_EQ(host.net().stats().failed, 1u);
}

TEST_P(net_engine_test, writing_to_a_peer_that_is_gone_is_an_error_of_writing_and_no_signal) {
  auto [peer, id] = meet();
  peer.close();
  ASSERT_TRUE(host.turn_until([&] { return host.of(id).ended; }));
  // A TCP peer says only now that it is gone.
  for (int round = 0; round < 1000 && !host.of(id).closed; ++round) {
    host.send(id, "hello?");
    host.turn(1);
  }
  ASSERT_TRUE(host.of(id).closed);
  EXPECT_EQ(host.of(id).call, GetParam().unix_socket ? net_call::write : host.of(id).call);
  EXPECT_TRUE(host.of(id).os_errno == EPIPE || host.of(id).os_errno == ECONNRESET) << host.of(id).os_errno;
}

// The kernel took what was written before it learned that nobody is there: the same as if it had learned a moment later.
TEST_P(net_engine_test, ending_towards_a_peer_that_has_ended_and_is_gone_is_a_regular_end) {
  if (GetParam().unix_socket) GTEST_SKIP() << "a Unix socket refuses what is written";
  auto [peer, id] = meet();
  peer.close();
  ASSERT_TRUE(host.turn_until([&] { return host.of(id).ended; }));
  host.send(id, "goodbye");
  host.command(net_command::end, id);
  ASSERT_TRUE(host.turn_until([&] { return host.of(id).closed; }));
  EXPECT_EQ(host.of(id).os_errno, 0);
}

TEST_P(net_engine_test, ending_towards_a_peer_that_has_reset_is_an_error_of_reading) {
  if (GetParam().unix_socket) GTEST_SKIP() << "a Unix socket has no resets";
  auto [peer, id] = meet();
  host.turn(0);
  peer.reset();
  host.command(net_command::end, id);
  ASSERT_TRUE(host.turn_until([&] { return host.of(id).closed; }));
  EXPECT_EQ(host.of(id).os_errno, ECONNRESET);
  EXPECT_EQ(host.of(id).call, net_call::read);
}

TEST_P(net_engine_test, connecting_to_nobody_is_an_error_of_connecting) {
  listen();
  host.command(net_command::unlisten, listener);
  const auto refused = host.net().connect(address);
  if (!refused.ok()) {
    EXPECT_TRUE(refused.failure().os_errno == ECONNREFUSED || refused.failure().os_errno == ENOENT);
    return;
  }
  ASSERT_TRUE(host.turn_until([&] { return host.of(refused.value()).closed; }));
  EXPECT_EQ(host.of(refused.value()).os_errno, ECONNREFUSED);
  EXPECT_EQ(host.of(refused.value()).call, net_call::connect);
}

TEST_P(net_engine_test, a_connection_that_is_being_made_can_be_closed) {
  listen();
  const auto connected = host.net().connect(address);
  ASSERT_TRUE(connected.ok());
  host.command(net_command::close, connected.value());
  host.turn(0);
  EXPECT_TRUE(host.of(connected.value()).closed);
  EXPECT_FALSE(host.of(connected.value()).connected && !host.of(connected.value()).closed);
}

TEST_P(net_engine_test, commands_with_ids_that_are_not_good_do_nothing_and_lose_nothing) {
  auto [peer, id] = meet();
  host.command(net_command::close, id);
  for (const uint32_t stale : {id, id + 1, no_socket, UINT32_MAX, id ^ (1U << connection_index_bits)}) {
    for (uint32_t op = 0; op <= static_cast<uint32_t>(net_command::unlisten); ++op) {
      if (op == static_cast<uint32_t>(net_command::send)) host.send(stale, letters(5000));
      else host.command(static_cast<net_command>(op), stale == listener ? 0 : stale, 0, 0);
    }
  }
  host.turn(0);
  EXPECT_TRUE(host.of(id).closed);
  auto [other, other_id] = meet();
  EXPECT_NE(other_id, id);
  host.command(net_command::close, id);
  other.write("still there");
  ASSERT_TRUE(host.turn_until([&] { return host.of(other_id).received == 11; }));
}

TEST_P(net_engine_test, connections_that_close_while_they_are_reported_as_ready_harm_nobody) {
  constexpr size_t connections = 50;
  std::vector<std::pair<peer, uint32_t>> all;
  for (size_t at = 0; at < connections; ++at) all.push_back(meet());
  for (auto& [peer, id] : all) peer.write("x");
  host.ahead_per_look_us = 1'000'000;  // A turn has time for a few of them only.
  host.turn();
  host.ahead_per_look_us = 0;
  size_t served = 0;
  for (auto& [peer, id] : all) served += host.of(id).received;
  EXPECT_GT(served, 0u);
  EXPECT_LT(served, connections);
  for (auto& [peer, id] : all) {
    host.send(id, "y");
    host.command(net_command::close, id);
  }
  ASSERT_TRUE(host.turn_until([&] { return host.net().stats().connections == 0; }));
  for (auto& [peer, id] : all) EXPECT_TRUE(host.of(id).closed);
}

TEST_P(net_engine_test, a_short_list_of_events_loses_none) {
  host.listen_in_steps_of(net_records_per_socket);
  std::vector<std::pair<peer, uint32_t>> all;
  for (size_t at = 0; at < 30; ++at) all.push_back(meet());
  for (auto& [peer, id] : all) peer.write(letters(100)), peer.close();
  for (auto& [peer, id] : all) host.command(net_command::end, id);
  ASSERT_TRUE(host.turn_until([&] { return host.net().stats().connections == 0; }));
  for (auto& [peer, id] : all) {
    EXPECT_EQ(host.of(id).received, 100u);
    EXPECT_TRUE(host.of(id).ended && host.of(id).closed);
  }
}

TEST_P(net_engine_test, addresses_are_those_of_the_sockets) {
  auto [peer, id] = meet();
  const auto local = host.net().address(address_kind::local, id), remote = host.net().address(address_kind::peer, id);
  ASSERT_TRUE(local.ok());
  ASSERT_TRUE(remote.ok());
  if (GetParam().unix_socket) {
    EXPECT_EQ(local.value().path(), address.path());
    EXPECT_EQ(remote.value().path(), "");
  } else {
    EXPECT_EQ(local.value().port(), address.port());
    EXPECT_EQ(remote.value().port(), os_socket::local_address(peer.get()).value().port());
    EXPECT_EQ(remote.value().host(), "127.0.0.1");
  }
  EXPECT_EQ(host.net().address(address_kind::peer, id + 1).failure().os_errno, EBADF);
}

TEST_P(net_engine_test, options_reach_the_kernel) {
  auto [peer, id] = meet();
  host.command(net_command::no_delay, id, 1);
  host.command(net_command::keep_alive, id, 77);
  if (GetParam().unix_socket) return host.turn(0);  // They are none of its, and harm nothing.
  const auto taken = host.net().detach(id);
  ASSERT_TRUE(taken.ok());
  int value = 0;
  socklen_t length = sizeof value;
  ::getsockopt(taken.value().get(), IPPROTO_TCP, TCP_NODELAY, &value, &length);
  EXPECT_EQ(value, 1);
  ::getsockopt(taken.value().get(), IPPROTO_TCP, TCP_KEEPIDLE, &value, &length);
  EXPECT_EQ(value, 77);
}

TEST_P(net_engine_test, no_descriptor_survives_an_exec_or_blocks) {
  auto [peer, id] = meet();
  const auto connected = host.net().connect(address);
  ASSERT_TRUE(host.turn_until([&] { return host.of(connected.value()).connected; }));
  for (const uint32_t each : {id, connected.value()}) {
    const auto taken = host.net().detach(each);
    ASSERT_TRUE(taken.ok());
    EXPECT_NE(::fcntl(taken.value().get(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(::fcntl(taken.value().get(), F_GETFL) & O_NONBLOCK, 0);
  }
  EXPECT_NE(::fcntl(host.net().wake_fd(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_P(net_engine_test, an_engine_can_be_closed_in_the_middle_of_everything) {
  std::vector<std::pair<peer, uint32_t>> all;
  for (int at = 0; at < 10; ++at) all.push_back(meet(at % 3 != 0));
  for (auto& [peer, id] : all) {
    peer.write(letters(50'000));
    if (host.of(id).slot == no_slot) continue;
    host.send(id, letters(3'000'000));
    if (id % 2 == 0) host.command(net_command::end, id);
  }
  host.turn(0);
  ASSERT_TRUE(host.net().connect(address).ok());
  host.end();
  for (auto& [peer, id] : all) {
    while (!peer.read(64 * KiB).empty()) continue;
  }
}

INSTANTIATE_TEST_SUITE_P(on, net_engine_test, all_net_setups(), name_of_setup);

}  // namespace
}  // namespace corebuf::test
