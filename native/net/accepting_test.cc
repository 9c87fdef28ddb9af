// Listeners: addresses and options, resting when the system has nothing to give, and many connections at once.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <future>
#include <thread>

#include "base/fuzz_test_support.h"
#include "net/descriptor_transit.h"
#include "net/peer_test_support.h"

namespace corebuf::test {
namespace {

class accepting_test : public net_suite {};

/// The limit of descriptors for the length of a test. It is one of the process: no other thread may need any meanwhile.
class descriptor_limit {
 public:
  descriptor_limit() { ::getrlimit(RLIMIT_NOFILE, &before_); }
  ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  bool set(rlim_t limit) const {
    const rlimit wanted{.rlim_cur = limit, .rlim_max = before_.rlim_max};
    return ::setrlimit(RLIMIT_NOFILE, &wanted) == 0;
  }
  /// As high as the system allows.
  rlim_t raise() const {
    set(before_.rlim_max);
    return before_.rlim_max;
  }

 private:
  rlimit before_{};
};

TEST_P(accepting_test, a_listener_can_leave_connections_in_the_backlog_and_go_on_later) {
  listen();
  host.command(net_command::accept, listener, 0);
  peer waiting = peer::connect(address);
  waiting.write("early");
  for (int round = 0; round < 5; ++round) host.turn(1);
  EXPECT_TRUE(host.accepted().empty());
  host.command(net_command::accept, listener, 1);
  const uint32_t id = host.accept();
  ASSERT_TRUE(host.turn_until([&] { return host.of(id).received == 5; }));
  EXPECT_EQ(host.of(id).by, listener);
}

TEST_P(accepting_test, a_closed_listener_refuses_and_its_connections_stay) {
  auto [peer, id] = meet();
  host.command(net_command::unlisten, listener);
  const unique_fd late(::socket(address.family(), SOCK_STREAM, 0));
  EXPECT_EQ(::connect(late.get(), address.data(), address.length()), -1);
  EXPECT_EQ(host.net().stats().listeners, 0u);
  if (GetParam().unix_socket) {
    struct stat found{};
    EXPECT_EQ(::stat(address.path().c_str(), &found), -1) << "the file of the socket has gone";
  }
  peer.write("here");
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).received == 4; }));
}

TEST_P(accepting_test, an_address_in_use_is_an_error) {
  listen();
  const auto second = host.net().listen(address, {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.failure().os_errno, EADDRINUSE);
}

TEST_P(accepting_test, accepting_rests_when_there_are_no_descriptors_and_goes_on_when_there_are) {
  listen();
  constexpr size_t waiting = 5;
  std::vector<unique_fd> peers;
  for (size_t at = 0; at < waiting; ++at) peers.emplace_back(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const descriptor_limit limit;
  ASSERT_TRUE(limit.set(static_cast<rlim_t>(peers.back().get()) + 2));
  const unique_fd last(::dup(peers.back().get()));
  for (const unique_fd& each : peers) ASSERT_EQ(::connect(each.get(), address.data(), address.length()), 0);
  ASSERT_TRUE(host.turn_until([&] { return !host.others().empty(); }));
  EXPECT_EQ(host.others()[0].kind, net_event::accept_failed);
  EXPECT_EQ(host.others()[0].socket, listener);
  EXPECT_EQ(host.others()[0].low, static_cast<uint32_t>(EMFILE));
  EXPECT_TRUE(host.accepted().empty());
  // It rests: nothing spins, and it is told once for each rest.
  pollfd waking{host.net().wake_fd(), POLLIN, 0};
  for (int round = 0; round < 5; ++round) host.turn(0);
  EXPECT_EQ(::poll(&waking, 1, 0), 0);
  EXPECT_LE(host.net().deadline_us(), host.now_us() + accept_rest_us);
  host.ahead_us += accept_rest_us;
  ASSERT_TRUE(host.turn_until([&] { return host.others().size() == 2; }));

  limit.raise();
  host.ahead_us += accept_rest_us;
  ASSERT_TRUE(host.turn_until([&] { return host.accepted().size() == waiting; }));
  EXPECT_EQ(host.net().stats().accepted, waiting);
}

TEST_P(accepting_test, a_connection_that_is_not_started_reads_nothing_and_can_be_closed) {
  auto [peer, id] = meet(false);
  peer.write("unread");
  for (int round = 0; round < 5; ++round) host.turn(1);
  EXPECT_EQ(host.of(id).received, 0u);
  host.command(net_command::close, id);
  host.turn(0);
  EXPECT_TRUE(host.of(id).closed);
}

INSTANTIATE_TEST_SUITE_P(on, accepting_test, all_net_setups(), name_of_setup);

TEST(listening, an_ipv6_listener_takes_ipv4_connections_unless_it_is_told_not_to) {
  net_host host;
  const auto any = socket_address::ip("::", 0).value();
  const auto dual = host.net().listen(any, {});
  if (!dual.ok() && dual.failure().os_errno == EAFNOSUPPORT) GTEST_SKIP() << "no IPv6 on this machine";
  const uint16_t port = host.net().address(address_kind::listener, dual.value()).value().port();
  const peer four = peer::connect(socket_address::ip("127.0.0.1", port).value());
  const uint32_t id = host.accept();
  EXPECT_EQ(host.net().address(address_kind::peer, id).value().host(), "::ffff:127.0.0.1");

  const auto six_only = host.net().listen(any, {.ipv6_only = true});
  const uint16_t six_port = host.net().address(address_kind::listener, six_only.value()).value().port();
  const unique_fd refused(::socket(AF_INET, SOCK_STREAM, 0));
  const auto address = socket_address::ip("127.0.0.1", six_port).value();
  EXPECT_EQ(::connect(refused.get(), address.data(), address.length()), -1);
  const peer six = peer::connect(socket_address::ip("::1", six_port).value());
  EXPECT_NE(host.accept(), no_socket);
}

TEST(listening, a_port_is_shared_by_listeners_that_all_say_so) {
  net_host host;
  const auto first = host.net().listen(any_port(), {.reuse_port = true});
  if (!first && first.failure().os_errno == EOPNOTSUPP) GTEST_SKIP() << "no ports are shared in a binary for " << os_system();
  const socket_address address = host.net().address(address_kind::listener, first.value()).value();
  ASSERT_TRUE(host.net().listen(address, {.reuse_port = true}).ok());
  EXPECT_EQ(host.net().listen(address, {}).failure().os_errno, EADDRINUSE);
  std::vector<peer> peers;
  for (int at = 0; at < 64; ++at) {
    peers.push_back(peer::connect(address));
    ASSERT_NE(host.accept(), no_socket);
  }
  size_t by_first = 0;
  for (const uint32_t id : host.accepted()) by_first += host.of(id).by == first.value() ? 1 : 0;
  EXPECT_GT(by_first, 0u);
  EXPECT_LT(by_first, 64u);
}

TEST(listening, an_abstract_name_leaves_no_file) {
  net_host host;
  const auto name = socket_address::unix_path(std::string("\0corebuf-", 9) + std::to_string(::getpid())).value();
  const auto listener = host.net().listen(name, {});
  ASSERT_TRUE(listener.ok());
  const peer connected = peer::connect(name);
  EXPECT_NE(host.accept(), no_socket);
}

TEST(listening, connections_that_the_budget_cannot_hold_wait_in_the_backlog) {
  net_host host(poller_kind::automatic, 1 * MiB);
  const auto listener = host.net().listen(any_port(), {});
  const socket_address address = host.net().address(address_kind::listener, listener.value()).value();
  host->heap().fail_in(1);
  const peer waiting = peer::connect(address);
  ASSERT_TRUE(host.turn_until([&] { return !host.others().empty(); }));
  EXPECT_EQ(host.others()[0].low, static_cast<uint32_t>(ENOMEM));
  host->heap().fail_in(0);
  host.ahead_us += accept_rest_us;
  EXPECT_NE(host.accept(), no_socket);
}

TEST(listening, as_many_descriptors_as_the_system_gives_can_be_connections) {
  const descriptor_limit limit;
  const rlim_t descriptors = std::min<rlim_t>(limit.raise(), sanitized ? 5'000 : 20'100);
  const size_t connections = (descriptors - 100) / 2;
  std::printf("%zu descriptors of sockets, since the system allows %zu\n", connections * 2, static_cast<size_t>(descriptors));
  net_host host;
  const auto listener = host.net().listen(own_path("many"), {.backlog = 4096});
  const socket_address address = host.net().address(address_kind::listener, listener.value()).value();
  std::vector<uint32_t> ours;
  for (size_t at = 0; at < connections; ++at) {
    const auto connected = host.net().connect(address);
    ASSERT_TRUE(connected.ok()) << at << ": errno " << connected.failure().os_errno;
    ours.push_back(connected.value());
    host.start(ours.back());
    if (at % 64 == 63) host.turn(0);
  }
  ASSERT_TRUE(host.turn_until([&] { return host.accepted().size() == connections; }));
  for (const uint32_t id : ours) host.send(id, "ping");
  for (const uint32_t id : host.accepted()) host.start(id);
  const auto all_have = [&](const std::vector<uint32_t>& ids, uint64_t bytes) {
    return std::all_of(ids.begin(), ids.end(), [&](uint32_t id) { return host.of(id).received == bytes; });
  };
  ASSERT_TRUE(host.turn_until([&] { return all_have(host.accepted(), 4); }));
  for (const uint32_t id : host.accepted()) host.send(id, "pong!");
  ASSERT_TRUE(host.turn_until([&] { return all_have(ours, 5); }));
  for (const uint32_t id : ours) host.command(net_command::close, id);
  ASSERT_TRUE(host.turn_until([&] {
    return std::all_of(host.accepted().begin(), host.accepted().end(), [&](uint32_t id) { return host.of(id).ended; });
  }));
  for (const uint32_t id : host.accepted()) host.command(net_command::close, id);
  host.turn(0);
  EXPECT_EQ(host.net().stats().connections, 0u);
}

TEST(handing_over, a_connection_goes_on_on_another_shard) {
  net_host host;
  const auto listener = host.net().listen(any_port(), {});
  peer connected = peer::connect(host.net().address(address_kind::listener, listener.value()).value());
  const uint32_t id = host.accept();
  connected.write("first");
  ASSERT_TRUE(host.turn_until([&] { return host.of(id).received == 5; }));
  host.send(id, letters(100));
  EXPECT_EQ(host.net().hand_over(id).failure().os_errno, EBUSY) << "something waits to be sent";
  host.turn(0);
  const auto ticket = host.net().hand_over(id);
  ASSERT_TRUE(ticket.ok());
  EXPECT_EQ(host.net().hand_over(id).failure().os_errno, EBADF);
  EXPECT_EQ(host.take_input(id), "first") << "what had come stays with the chain";
  connected.write("second");

  std::thread other_shard([&, number = ticket.value()] {
    net_host there;
    const auto adopted = there.net().take_over(number);
    ASSERT_TRUE(adopted.ok());
    EXPECT_EQ(there.net().take_over(number).failure().os_errno, EBADF);
    there.start(adopted.value());
    ASSERT_TRUE(there.turn_until([&] { return there.of(adopted.value()).received == 6; }));
    EXPECT_EQ(there.take_input(adopted.value()), "second");
    there.send(adopted.value(), "answer");
    there.turn(0);
  });
  EXPECT_EQ(connected.read(106), letters(100) + "answer");
  other_shard.join();
  EXPECT_EQ(connected.end(), 0);
}

TEST(handing_over, what_nobody_takes_is_closed_with_its_shard) {
  peer connected;
  {
    net_host host;
    const auto listener = host.net().listen(any_port(), {});
    connected = peer::connect(host.net().address(address_kind::listener, listener.value()).value());
    const uint32_t id = host.accept();
    ASSERT_TRUE(host.net().hand_over(id).ok());
    EXPECT_EQ(descriptor_transit::get().size(), 1u);
  }
  EXPECT_EQ(connected.end(), 0);
  EXPECT_EQ(descriptor_transit::get().size(), 0u);
}

}  // namespace
}  // namespace corebuf::test
