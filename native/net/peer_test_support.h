// The other side of a connection for tests: a plain blocking socket, as any program may have it.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "base/os_system.h"
#include "io/unique_fd.h"
#include "net/net_host_test_support.h"
#include "net/os_socket.h"

namespace corebuf::test {

class peer {
 public:
  peer() = default;
  explicit peer(unique_fd fd) : fd_(std::move(fd)) {}

  static peer connect(const socket_address& to) {
    peer made(unique_fd(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)));
    if (::connect(made.get(), to.data(), to.length()) != 0) ADD_FAILURE() << "connect: errno " << errno;
    made.set_patience();
    return made;
  }

  int get() const { return fd_.get(); }

  void write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0) return static_cast<void>(ADD_FAILURE() << "send: errno " << errno);
      text.remove_prefix(static_cast<size_t>(sent));
    }
  }

  /// Exactly so many bytes, fewer at the end or at an error.
  std::string read(size_t length) {
    std::string text(length, '?');
    size_t got = 0;
    while (got < length) {
      const ssize_t more = ::recv(get(), text.data() + got, length - got, 0);
      if (more <= 0) break;
      got += static_cast<size_t>(more);
    }
    text.resize(got);
    return text;
  }

  /// What one call gives, and at least a byte. Returns how many.
  size_t read_some(size_t most) {
    std::string text(most, '?');
    const ssize_t got = ::recv(get(), text.data(), most, 0);
    EXPECT_GT(got, 0) << "errno " << errno;
    return got > 0 ? static_cast<size_t>(got) : 0;
  }

  /// What recv(2) says next when no byte is left: 0 at the end, or -errno.
  int end() {
    char byte = 0;
    const ssize_t got = ::recv(get(), &byte, 1, 0);
    EXPECT_LE(got, 0) << "a byte more than expected";
    return got < 0 ? -errno : 0;
  }

  void end_sending() { ::shutdown(get(), SHUT_WR); }
  void close() { fd_.reset(); }
  void reset() {
    os_socket::reset_when_closed(get());
    fd_.reset();
  }

 private:
  /// A test that hangs must fail.
  void set_patience() {
    const timeval limit{.tv_sec = net_host::patience_ms / 1000, .tv_usec = 0};
    ::setsockopt(get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }

  unique_fd fd_;
};

/// An address that only this test has.
inline socket_address any_port() { return socket_address::ip("127.0.0.1", 0).value(); }
inline socket_address own_path(std::string_view name) {
  return socket_address::unix_path(testing::TempDir() + "corebuf-" + std::to_string(::getpid()) + "-" + std::string(name))
      .value();
}

/// Every combination of poller and kind of socket, as the parameter of a suite.
struct net_setup {
  const char* name;
  poller_kind poller;
  bool unix_socket;

  socket_address address() const { return unix_socket ? own_path(name) : any_port(); }
};

inline void PrintTo(const net_setup& of, std::ostream* out) { *out << of.name; }

inline constexpr net_setup net_setups[] = {
    {"epoll_tcp", poller_kind::epoll, false},
    {"epoll_unix", poller_kind::epoll, true},
    {"portable_tcp", poller_kind::portable, false},
    {"portable_unix", poller_kind::portable, true},
};

/// Whether this binary has the poller: only one for Linux has epoll.
inline bool has_poller(poller_kind kind) { return open_poller(kind).ok(); }
inline poller_kind had(poller_kind kind) { return has_poller(kind) ? kind : poller_kind::automatic; }

/// Derive from it, and instantiate with all_net_setups() and name_of_setup.
class net_suite : public testing::TestWithParam<net_setup> {
 protected:
  void listen(const listen_options& options = {}) {
    const auto made = host.net().listen(GetParam().address(), options);
    ASSERT_TRUE(made.ok()) << made.failure().os_errno;
    listener = made.value();
    address = host.net().address(address_kind::listener, listener).value();
  }

  /// A connection to the listener, as both sides have it.
  std::pair<peer, uint32_t> meet(bool started = true) {
    if (listener == no_socket) listen();
    peer connected = peer::connect(address);
    return {std::move(connected), host.accept(started)};
  }

  void SetUp() override {
    if (!has_poller(GetParam().poller)) GTEST_SKIP() << "this binary has no epoll: it is one for " << os_system();
  }

  net_host host{had(GetParam().poller)};
  uint32_t listener = no_socket;
  socket_address address;
};

inline auto all_net_setups() { return testing::ValuesIn(net_setups); }
inline std::string name_of_setup(const testing::TestParamInfo<net_setup>& of) { return of.param.name; }

}  // namespace corebuf::test
