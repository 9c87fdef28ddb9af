#include "net/os_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

namespace corebuf::os_socket {

namespace {

int set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : errno;
}

bool is_unix(int fd) {
  const auto address = local_address(fd);
  return address && !address.value().is_ip();
}

int set_listener_options(int fd, int family, const listen_options& options) {
  if (family != AF_INET && family != AF_INET6) return options.reuse_port ? EINVAL : 0;
  // A port whose last connections are still in TIME_WAIT can be taken again, as servers that restart need.
  int failed = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (failed == 0 && options.reuse_port) failed = share_port(fd);
  if (failed == 0 && family == AF_INET6) failed = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6_only ? 1 : 0);
  return failed;
}

msghdr message_of(std::span<iovec> vectors) {
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(vectors.size());  // an int outside glibc
  return message;
}

}  // namespace

result<unique_fd> listen(const socket_address& address, const listen_options& options) {
  auto opened = open(address.family());
  if (!opened) return opened;
  const int fd = opened.value().get();
  if (const int failed = set_listener_options(fd, address.family(), options)) return error::from_errno(failed);
  if (::bind(fd, address.data(), address.length()) != 0) return error::from_errno(errno);
  if (::listen(fd, options.backlog) != 0) return error::from_errno(errno);
  return opened;
}

int connect(int fd, const socket_address& address) {
  return ::connect(fd, address.data(), address.length()) == 0 ? 0 : errno;
}

size_t unread(int fd) {
  int bytes = 0;
  return ::ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<size_t>(bytes) : 0;
}

int take_error(int fd) {
  int waiting = 0;
  socklen_t length = sizeof waiting;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &waiting, &length) == 0 ? waiting : errno;
}

ptrdiff_t receive(int fd, std::span<iovec> into) {
  ptrdiff_t got = 0;
  do {
    if (into.size() == 1) {
      got = ::recv(fd, into[0].iov_base, into[0].iov_len, 0);
    } else {
      msghdr message = message_of(into);
      got = ::recvmsg(fd, &message, 0);
    }
  } while (got < 0 && errno == EINTR);
  return got < 0 ? -errno : got;
}

ptrdiff_t send(int fd, std::span<iovec> from) {
  ptrdiff_t sent = 0;
  do {
    if (from.size() == 1) {
      sent = ::send(fd, from[0].iov_base, from[0].iov_len, send_flags);
    } else {
      const msghdr message = message_of(from);
      sent = ::sendmsg(fd, &message, send_flags);
    }
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

int end_sending(int fd) { return ::shutdown(fd, SHUT_WR) == 0 || errno == ENOTCONN ? 0 : errno; }

int reset_when_closed(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  return ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0 ? 0 : errno;
}

int set_no_delay(int fd, bool on) { return is_unix(fd) ? 0 : set_option(fd, IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0); }

int set_keep_alive(int fd, uint32_t idle_seconds) {
  if (is_unix(fd)) return 0;
  int failed = set_option(fd, SOL_SOCKET, SO_KEEPALIVE, idle_seconds > 0 ? 1 : 0);
  if (failed == 0 && idle_seconds > 0) failed = set_option(fd, IPPROTO_TCP, keep_idle_option, static_cast<int>(idle_seconds));
  return failed;
}

result<socket_address> local_address(int fd) {
  return socket_address::from([fd](sockaddr* into, socklen_t* length) { return ::getsockname(fd, into, length); });
}

result<socket_address> peer_address(int fd) {
  return socket_address::from([fd](sockaddr* into, socklen_t* length) { return ::getpeername(fd, into, length); });
}

}  // namespace corebuf::os_socket
