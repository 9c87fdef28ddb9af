// How much is read, by whom, and when reading rests and goes on.
#include <gtest/gtest.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <thread>

#include "net/peer_test_support.h"

namespace corebuf::test {
namespace {

class receiving_test : public net_suite {
 protected:
  bool sleeps() {
    host.turn(0);
    pollfd waking{host.net().wake_fd(), POLLIN, 0};
    for (int round = 0; round < 10; ++round) host.turn(0);
    return host.net().flush() && ::poll(&waking, 1, 0) == 0;
  }

  /// Until the engine has nothing to do any more.
  [[nodiscard]] bool settle() {
    for (int round = 0; round < 1000; ++round) {
      if (sleeps()) return true;
    }
    return false;
  }
};

TEST_P(receiving_test, reading_stops_at_the_limit_and_goes_on_when_input_was_consumed) {
  constexpr size_t limit = 32 * KiB, total = 4 * MiB;
  auto [peer, id] = meet(false);
  host.start(id, limit);
  std::thread writer([&, &peer = peer] { peer.write(letters(total)), peer.end_sending(); });
  std::string got;
  while (got.size() < total) {
    ASSERT_TRUE(host.turn_until([&, &id = id] { return !host.input(id).empty(); }));
    ASSERT_LT(host.input(id).length(), limit + receive_buffer_min);
    got += host.take_input(id);
  }
  writer.join();
  EXPECT_EQ(got, letters(total));
  EXPECT_TRUE(host.turn_until([&, &id = id] { return host.of(id).ended; }));
}

TEST_P(receiving_test, a_full_connection_does_not_spin_and_costs_nobody_else_anything) {
  auto [full, full_id] = meet(false);
  host.start(full_id, 10'000);
  std::thread writer([&, &full = full] { full.write(letters(2 * MiB)); });
  ASSERT_TRUE(host.turn_until([&, &id = full_id] { return host.input(id).length() >= 10'000; }));
  ASSERT_TRUE(host.turn_until([&] { return host.net().stats().pauses_full > 0; }));
  ASSERT_TRUE(settle());
  auto [other, other_id] = meet();
  other.write("hello");
  EXPECT_TRUE(host.turn_until([&, &id = other_id] { return host.of(id).received == 5; }));
  size_t got = 0;
  while (got < 2 * MiB) {
    ASSERT_TRUE(host.turn_until([&, &id = full_id] { return !host.input(id).empty(); }));
    got += host.take_input(full_id).size();
  }
  writer.join();
}

TEST_P(receiving_test, a_raised_limit_lets_the_rest_come) {
  auto [peer, id] = meet(false);
  host.start(id, 5000);
  peer.write(letters(60'000));
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.input(id).length() >= 5000; }));
  ASSERT_TRUE(settle());
  EXPECT_LT(host.input(id).length(), 60'000u);
  host.command(net_command::limit, id, 60'000);
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.input(id).length() == 60'000; }));
  EXPECT_EQ(host.take_input(id), letters(60'000));
}

TEST_P(receiving_test, nothing_is_read_while_too_much_waits_to_be_sent) {
  constexpr size_t limit = 10'000, answer = 8 * MiB;  // More than the kernel takes.
  auto [peer, id] = meet();
  host.command(net_command::unsent_limit, id, limit);
  host.send(id, letters(answer));
  ASSERT_TRUE(settle());
  peer.write("next question");
  ASSERT_TRUE(host.turn_until([&] { return host.net().stats().pauses_unsent == 1; }));
  ASSERT_TRUE(settle()) << "it does not spin";
  EXPECT_EQ(host.of(id).received, 0u);
  std::thread reader([&, &peer = peer] { EXPECT_EQ(peer.read(answer), letters(answer)); });
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).received == 13; }));
  reader.join();
  EXPECT_EQ(host.take_input(id), "next question");
}

TEST_P(receiving_test, a_limit_has_more_than_32_bits) {
  auto [peer, id] = meet(false);
  host.start(id, 5000);
  host.command(net_command::limit, id, 0, 1);
  peer.write(letters(60'000));
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.input(id).length() == 60'000; }));
}

TEST_P(receiving_test, a_paused_connection_receives_nothing_until_it_is_resumed) {
  auto [peer, id] = meet();
  host.command(net_command::pause, id);
  peer.write(letters(1000));
  ASSERT_TRUE(settle());
  EXPECT_EQ(host.of(id).received, 0u);
  host.command(net_command::resume, id);
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).received == 1000; }));
}

TEST_P(receiving_test, what_a_peer_sent_before_it_closed_waits_for_a_paused_connection) {
  auto [peer, id] = meet();
  host.command(net_command::end, id);
  host.command(net_command::pause, id);
  host.turn(0);
  peer.write(letters(1000));
  EXPECT_EQ(peer.end(), 0);
  peer.close();
  ASSERT_TRUE(settle()) << "both directions have ended, which no interest can mask";
  EXPECT_FALSE(host.of(id).closed);
  host.command(net_command::resume, id);
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).closed; }));
  EXPECT_EQ(host.take_input(id), letters(1000));
  EXPECT_EQ(host.of(id).os_errno, 0);
}

TEST_P(receiving_test, a_paused_connection_is_told_at_once_that_its_peer_has_reset) {
  if (GetParam().unix_socket) GTEST_SKIP() << "a Unix socket has no resets";
  auto [peer, id] = meet();
  host.command(net_command::pause, id);
  peer.reset();
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).closed; }));
  EXPECT_EQ(host.of(id).os_errno, ECONNRESET);
}

TEST_P(receiving_test, a_reset_behind_bytes_waits_until_a_paused_connection_has_read_them) {
  if (GetParam().unix_socket) GTEST_SKIP() << "a Unix socket has no resets";
  auto [peer, id] = meet();
  host.command(net_command::pause, id);
  peer.write(letters(1000));
  ASSERT_TRUE(settle());
  peer.reset();
  ASSERT_TRUE(settle());
  EXPECT_FALSE(host.of(id).closed);
  host.command(net_command::resume, id);
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).closed; }));
  EXPECT_EQ(host.take_input(id), letters(1000));
  EXPECT_EQ(host.of(id).os_errno, ECONNRESET);
}

TEST_P(receiving_test, input_can_go_to_another_chain_from_one_turn_to_the_next) {
  auto [peer, id] = meet();
  peer.write("for the first");
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).received == 13; }));
  const uint32_t first = host.of(id).slot, second = host.slots().make();
  host.command(net_command::input, id, second);
  peer.write("and for the second");
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).received == 31; }));
  EXPECT_EQ(text_of(host.slots()[first]), "for the first");
  EXPECT_EQ(text_of(host.slots()[second]), "and for the second");
}

TEST_P(receiving_test, one_turn_reads_a_bounded_part_of_one_connection) {
  auto [peer, id] = meet(false);
  host.start(id, 64 * MiB);
  std::thread writer([&, &peer = peer] { peer.write(letters(8 * MiB)); });
  uint64_t before = 0;
  while (host.of(id).received < 8 * MiB) {
    host.turn();
    ASSERT_LE(host.of(id).received, before + received_per_turn);
    before = host.of(id).received;
  }
  writer.join();
  EXPECT_EQ(host.take_input(id), letters(8 * MiB));
}

TEST_P(receiving_test, where_a_turn_has_time_for_few_each_connection_has_its_turn) {
  constexpr size_t connections = 40;
  std::vector<std::pair<peer, uint32_t>> all;
  for (size_t at = 0; at < connections; ++at) {
    all.push_back(meet());
    all.back().first.write(letters(40'000));  // More than a turn has time for.
  }
  host.ahead_per_look_us = 1'000'000;
  for (size_t round = 0; round < 2 * connections; ++round) host.turn(0);
  host.ahead_per_look_us = 0;
  for (auto& [peer, id] : all) EXPECT_EQ(host.of(id).received, 40'000u);
}

TEST_P(receiving_test, descriptors_and_urgent_bytes_among_what_comes_stop_nothing) {
  auto [peer, id] = meet();
  if (GetParam().unix_socket) {
    const int before = ::dup(0);
    ::close(before);
    char byte = 'a', control[CMSG_SPACE(sizeof(int))] = {};
    iovec one{&byte, 1};
    msghdr message{};
    message.msg_iov = &one;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* sent = CMSG_FIRSTHDR(&message);
    sent->cmsg_level = SOL_SOCKET, sent->cmsg_type = SCM_RIGHTS, sent->cmsg_len = CMSG_LEN(sizeof(int));
    const int any = 1;
    std::memcpy(CMSG_DATA(sent), &any, sizeof any);
    peer.write("12");
    ASSERT_EQ(::sendmsg(peer.get(), &message, 0), 1);
    peer.write("34");
    ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).received == 5; }));
    EXPECT_EQ(host.take_input(id), "12a34");
    const int after = ::dup(0);
    ::close(after);
    EXPECT_EQ(after, before) << "the descriptor that came has gone";
  } else {
    peer.write("12");
    ASSERT_EQ(::send(peer.get(), "!", 1, MSG_OOB), 1);
    peer.write("34");
    ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).received == 4; }));
    EXPECT_EQ(host.take_input(id), "1234");
  }
}

TEST_P(receiving_test, the_ledger_counts_only_small_pieces_as_copied) {
  auto [peer, id] = meet();
  const auto copied = [&] { return host->ledger_here().copied[static_cast<size_t>(copy_kind::receive)]; };
  peer.write(letters(100));
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).received == 100; }));
  EXPECT_EQ(copied(), 100u);
  host.take_input(id);
  host.command(net_command::pause, id);
  peer.write(letters(50'000));
  ASSERT_TRUE(settle());
  host.command(net_command::resume, id);
  ASSERT_TRUE(host.turn_until([&, &id = id] { return host.of(id).received == 50'100; }));
  EXPECT_LE(copied(), 100u + receive_copied_max) << "at most the very last piece";
}

INSTANTIATE_TEST_SUITE_P(on, receiving_test, all_net_setups(), name_of_setup);

class spent_budget_test : public testing::TestWithParam<poller_kind> {};

TEST_P(spent_budget_test, reading_rests_while_the_budget_is_spent_and_goes_on_by_itself) {
  if (!has_poller(GetParam())) GTEST_SKIP() << "this binary has no epoll: it is one for " << os_system();
  net_host host(GetParam(), 4 * MiB);
  const auto listener = host.net().listen(any_port(), {});
  const socket_address address = host.net().address(address_kind::listener, listener.value()).value();
  constexpr size_t connections = 8, each = 1 * MiB;  // Together twice the budget.
  std::vector<peer> peers;
  std::vector<uint32_t> ids;
  for (size_t at = 0; at < connections; ++at) {
    peers.push_back(peer::connect(address));
    ids.push_back(host.accept(false));
    host.start(ids.back(), 64 * MiB);
  }
  std::thread writer([&] {
    // Side by side: a peer that waits must not keep the others from sending.
    for (size_t part = 0; part < 16; ++part) {
      for (peer& each_peer : peers) each_peer.write(letters(each / 16, part * each / 16));
    }
  });
  const auto all_received = [&] {
    size_t bytes = 0;
    for (const uint32_t id : ids) bytes += host.of(id).received;
    return bytes;
  };
  std::vector<std::string> got(connections);
  for (size_t held_rounds = 0; all_received() < connections * each;) {
    const size_t before = host.others().size();
    if (!host.turn_until(
            [&] { return host.others().size() > before || all_received() == connections * each; }))
      break;
    if (host.others().size() > before) {
      EXPECT_EQ(host.others().back().kind, net_event::starved);
      EXPECT_GT(host.others().back().low, 0u);
      ++held_rounds;
      // Nothing spins while nobody gives memory back, and it is told once.
      for (int round = 0; round < 5; ++round) host.turn(0);
      pollfd waking{host.net().wake_fd(), POLLIN, 0};
      EXPECT_EQ(::poll(&waking, 1, 0), 0);
      EXPECT_EQ(host.others().size(), before + 1);
    }
    for (size_t at = 0; at < connections; ++at) got[at] += host.take_input(ids[at]);
    EXPECT_LT(held_rounds, 100u);
  }
  writer.join();
  EXPECT_GT(host.net().stats().pauses_starved, 0u);
  for (size_t at = 0; at < connections; ++at)
    EXPECT_EQ(got[at] + host.take_input(ids[at]), letters(each)) << at;
}

TEST_P(spent_budget_test, of_connections_that_wait_for_memory_the_largest_is_given_up_and_the_others_go_on) {
  if (!has_poller(GetParam())) GTEST_SKIP() << "this binary has no epoll: it is one for " << os_system();
  net_host host(GetParam(), 4 * MiB);
  const auto listener = host.net().listen(any_port(), {});
  const socket_address address = host.net().address(address_kind::listener, listener.value()).value();
  constexpr uint32_t idle_limit_ms = 60'000;
  constexpr size_t connections = 3, each = 3 * MiB;  // One fits, two do not.
  std::vector<peer> peers;
  std::vector<uint32_t> ids;
  for (size_t at = 0; at < connections; ++at) {
    peers.push_back(peer::connect(address));
    ids.push_back(host.accept(false));
    host.command(net_command::idle_limit, ids.back(), idle_limit_ms);
    host.start(ids.back(), 64 * MiB);
  }
  std::vector<std::thread> writers;
  for (peer& of : peers) {
    writers.emplace_back([&of] {
      const std::string text = letters(each);
      for (size_t sent = 0; sent < each;) {
        const ssize_t some = ::send(of.get(), text.data() + sent, each - sent, MSG_NOSIGNAL);
        if (some <= 0) return;
        sent += static_cast<size_t>(some);
      }
    });
  }
  size_t given_up = 0, whole = 0;
  // Takes what is whole and what has been given up.
  const auto step = [&] {
    const size_t before = given_up + whole;
    for (uint32_t& id : ids) {
      if (id == no_socket) continue;
      const bool is_whole = host.of(id).received == each;
      if (!is_whole && !host.of(id).closed) continue;
      if (!is_whole) {
        EXPECT_EQ(host.of(id).os_errno, ENOMEM);
        EXPECT_EQ(host.of(id).call, net_call::memory);
      }
      ++(is_whole ? whole : given_up);
      host.input(id).release(*host);
      id = no_socket;
    }
    return given_up + whole > before;
  };
  const auto let_time_pass = [&] {
    host.ahead_us += uint64_t{idle_limit_ms} * 1000 + 1;
    for (int round = 0; round < 3; ++round) host.turn(0);
  };
  const auto ended = [&] { return host.net().stats().starved_ended; };
  // Nothing is taken before the first is given up, or each could find the memory of the one before it.
  ASSERT_TRUE(host.turn_until([&] { return host.net().deadline_us() != UINT64_MAX; }));
  EXPECT_EQ(ended(), 0u) << "nobody is given up before the time";
  // Who still receives has its time again.
  for (int more = 0; more < 100 && ended() == 0; ++more) let_time_pass();
  EXPECT_EQ(ended(), 1u);
  step();
  for (size_t starvations = 0; given_up + whole < connections && starvations < 100; ++starvations) {
    // Until all rest: then only time helps.
    for (int round = 0; round < 200; ++round) {
      if (step()) break;
      host.turn(1);
    }
    EXPECT_EQ(ended(), given_up) << "nobody is given up before the time";
    if (host.net().deadline_us() == UINT64_MAX) continue;
    let_time_pass();
    step();
    EXPECT_EQ(ended(), given_up);
  }
  EXPECT_EQ(given_up + whole, connections);
  EXPECT_GT(given_up, 0u);
  EXPECT_GT(whole, 0u) << "who is left goes on";
  for (peer& of : peers) of.close();
  for (std::thread& writer : writers) writer.join();
}

INSTANTIATE_TEST_SUITE_P(of, spent_budget_test, testing::Values(poller_kind::epoll, poller_kind::portable),
                         [](const auto& of) { return of.param == poller_kind::epoll ? "epoll" : "poll"; });

}  // namespace
}  // namespace corebuf::test
