// One suite that every poller passes.
#include "net/poller.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <vector>

#include "base/os_system.h"
#include "net/os_socket.h"

namespace corebuf {
namespace {

constexpr int patience_ms = 20'000;

struct two_ends {
  two_ends() { EXPECT_EQ(os_socket::pair(ours, theirs), 0); }
  unique_fd ours, theirs;

  void send_to_us(size_t bytes = 1) const {
    const std::string text(bytes, 'x');
    EXPECT_EQ(::send(theirs.get(), text.data(), bytes, 0), static_cast<ssize_t>(bytes));
  }
};

class poller_test : public testing::TestWithParam<poller_kind> {
 protected:
  void SetUp() override {
    auto opened = open_poller(GetParam());
    if (!opened && opened.failure().os_errno == EOPNOTSUPP) {
      GTEST_SKIP() << "this binary has no epoll: it is one for " << os_system();
    }
    poller_ = std::move(opened.value());
  }

  bool wakes(int wait_ms = patience_ms) const {
    pollfd waking{poller_->wake_fd(), POLLIN, 0};
    return ::poll(&waking, 1, wait_ms) == 1;
  }
  std::vector<readiness> reported(size_t most = 64) {
    std::vector<readiness> found(most);
    found.resize(poller_->poll(found));
    return found;
  }
  /// What is reported of one socket, once something is.
  readiness next() {
    EXPECT_TRUE(wakes());
    const std::vector<readiness> found = reported();
    return found.size() == 1 ? found[0] : readiness{};
  }

  std::unique_ptr<poller> poller_;
};

TEST_P(poller_test, nothing_is_reported_of_sockets_that_are_not_ready) {
  const two_ends socket;
  EXPECT_EQ(poller_->watch(socket.ours.get(), 7, wants_read), 0);
  EXPECT_TRUE(reported().empty());
}

TEST_P(poller_test, a_socket_that_can_be_read_is_reported_by_its_tag_until_it_has_been_read) {
  const two_ends socket;
  EXPECT_EQ(poller_->watch(socket.ours.get(), UINT64_MAX - 1, wants_read), 0);
  socket.send_to_us();
  for (int round = 0; round < 3; ++round) {
    const readiness found = next();
    EXPECT_EQ(found.tag, UINT64_MAX - 1);
    EXPECT_TRUE(found.readable);
    EXPECT_FALSE(found.writable || found.broken);
  }
  char byte;
  EXPECT_EQ(::recv(socket.ours.get(), &byte, 1, 0), 1);
  EXPECT_TRUE(reported().empty());
}

TEST_P(poller_test, the_descriptor_wakes_whoever_waits_for_it) {
  const two_ends socket;
  EXPECT_EQ(poller_->watch(socket.ours.get(), 1, wants_read), 0);
  while (wakes(0)) reported();
  socket.send_to_us();
  EXPECT_TRUE(wakes());
}

TEST_P(poller_test, only_what_is_wanted_is_reported) {
  const two_ends socket;
  socket.send_to_us();
  EXPECT_EQ(poller_->watch(socket.ours.get(), 1, wants_write), 0);
  EXPECT_FALSE(next().readable);
  poller_->change(socket.ours.get(), 2, wants_read | wants_write);
  const readiness both = next();
  EXPECT_EQ(both.tag, 2u);
  EXPECT_TRUE(both.readable && both.writable);
  poller_->change(socket.ours.get(), 2, wants_nothing);
  EXPECT_TRUE(reported().empty());
}

TEST_P(poller_test, the_end_of_what_the_peer_sends_can_be_read) {
  const two_ends socket;
  EXPECT_EQ(poller_->watch(socket.ours.get(), 1, wants_read), 0);
  ::shutdown(socket.theirs.get(), SHUT_WR);
  EXPECT_TRUE(next().readable);
}

TEST_P(poller_test, a_socket_that_has_ended_both_ways_is_reported_whatever_is_wanted) {
  two_ends socket;
  EXPECT_EQ(poller_->watch(socket.ours.get(), 1, wants_nothing), 0);
  socket.theirs.reset();
  EXPECT_TRUE(next().broken);
}

TEST_P(poller_test, a_socket_that_is_forgotten_is_reported_no_more_and_can_be_watched_again) {
  const two_ends socket, other;
  socket.send_to_us();
  EXPECT_EQ(poller_->watch(socket.ours.get(), 1, wants_read), 0);
  EXPECT_EQ(poller_->watch(other.ours.get(), 2, wants_read), 0);
  EXPECT_EQ(next().tag, 1u);
  poller_->forget(socket.ours.get());
  EXPECT_TRUE(reported().empty());
  EXPECT_EQ(poller_->watch(socket.ours.get(), 3, wants_read), 0);
  EXPECT_EQ(next().tag, 3u);
  other.send_to_us();
  EXPECT_TRUE(wakes());
}

TEST_P(poller_test, a_socket_that_was_let_go_of_is_gone_as_soon_as_it_is_closed) {
  for (int round = 0; round < 1000; ++round) {
    two_ends socket;
    EXPECT_EQ(poller_->watch(socket.ours.get(), 1, wants_read), 0);
    poller_->forget(socket.ours.get());
    poller_->let_go();
    socket.ours.reset();
    char byte;
    ASSERT_EQ(::recv(socket.theirs.get(), &byte, 1, MSG_DONTWAIT), 0) << "the end is not there in round " << round;
  }
}

TEST_P(poller_test, where_more_are_ready_than_fit_each_has_its_turn) {
  constexpr size_t sockets = 10, at_once = 3;
  std::array<two_ends, sockets> all;
  for (size_t at = 0; at < sockets; ++at) {
    EXPECT_EQ(poller_->watch(all[at].ours.get(), at, wants_read), 0);
    all[at].send_to_us();
  }
  std::multiset<uint64_t> seen;
  for (size_t round = 0; round < sockets; ++round) {
    for (const readiness& found : reported(at_once)) seen.insert(found.tag);
  }
  EXPECT_EQ(seen.size(), sockets * at_once);
  for (size_t at = 0; at < sockets; ++at) EXPECT_EQ(seen.count(at), at_once) << at;
}

TEST_P(poller_test, sockets_that_come_and_go_while_others_are_ready_are_told_apart) {
  std::vector<two_ends> sockets(40);
  for (size_t at = 0; at < sockets.size(); ++at) {
    EXPECT_EQ(poller_->watch(sockets[at].ours.get(), at, wants_read), 0);
    sockets[at].send_to_us();
    if (at % 3 == 2) poller_->forget(sockets[at - 1].ours.get());
  }
  EXPECT_TRUE(wakes());
  std::set<uint64_t> seen;
  for (const readiness& found : reported()) EXPECT_TRUE(seen.insert(found.tag).second);
  EXPECT_EQ(seen.size(), 40u - 13u);
  for (const uint64_t tag : seen) EXPECT_NE(tag % 3, 1u) << tag;
}

INSTANTIATE_TEST_SUITE_P(of, poller_test, testing::Values(poller_kind::epoll, poller_kind::portable),
                         [](const auto& of) { return of.param == poller_kind::epoll ? "epoll" : "poll"; });

}  // namespace
}  // namespace corebuf
