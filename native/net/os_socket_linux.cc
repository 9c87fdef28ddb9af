// Calls of Linux that make a descriptor non-blocking and close-on-exec from its first moment.
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/os_socket.h"

namespace corebuf::os_socket {

namespace {

constexpr int from_the_start = SOCK_NONBLOCK | SOCK_CLOEXEC;

}  // namespace

const bool shares_ports = true;
const int send_flags = MSG_NOSIGNAL;
const int keep_idle_option = TCP_KEEPIDLE;

int share_port(int fd) {
  const int on = 1;
  return ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0 ? 0 : errno;
}

result<unique_fd> open(int family) {
  unique_fd made(::socket(family, SOCK_STREAM | from_the_start, 0));
  if (!made.valid()) return error::from_errno(errno);
  return made;
}

result<unique_fd> accept(int listener) {
  unique_fd accepted(::accept4(listener, nullptr, nullptr, from_the_start));
  if (!accepted.valid()) return error::from_errno(errno);
  return accepted;
}

int pair(unique_fd& one, unique_fd& other) {
  int both[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | from_the_start, 0, both) != 0) return errno;
  one.reset(both[0]);
  other.reset(both[1]);
  return 0;
}

size_t untaken(int fd) {
  int bytes = 0;
  return ::ioctl(fd, TIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<size_t>(bytes) : 0;
}

}  // namespace corebuf::os_socket
