#include "net/os_socket_posix.h"

#include <sys/socket.h>

#include <cerrno>

#include "net/os_socket.h"

namespace corebuf::os_socket {

namespace {

result<unique_fd> set_up_or_closed(int fd) {
  unique_fd made(fd);
  if (!made.valid() || !set_up(fd)) return error::from_errno(errno);
  return made;
}

}  // namespace

const bool shares_ports = false;

int share_port(int) { return EOPNOTSUPP; }

result<unique_fd> open(int family) { return set_up_or_closed(::socket(family, SOCK_STREAM, 0)); }

result<unique_fd> accept(int listener) { return set_up_or_closed(::accept(listener, nullptr, nullptr)); }

int pair(unique_fd& one, unique_fd& other) {
  int both[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, both) != 0) return errno;
  one.reset(both[0]);
  other.reset(both[1]);
  return set_up(both[0]) && set_up(both[1]) ? 0 : errno;
}

}  // namespace corebuf::os_socket
