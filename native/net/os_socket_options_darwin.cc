// macOS has an option of the socket against SIGPIPE, and no flag of send(2).
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/os_socket.h"
#include "net/os_socket_posix.h"

namespace corebuf::os_socket {

const int send_flags = 0;
const int keep_idle_option = TCP_KEEPALIVE;

bool set_up(int fd) {
  const int on = 1;
  if (::setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) != 0) return false;
  return ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

size_t untaken(int fd) {
  int bytes = 0;
  socklen_t length = sizeof bytes;
  return ::getsockopt(fd, SOL_SOCKET, SO_NWRITE, &bytes, &length) == 0 && bytes > 0 ? static_cast<size_t>(bytes) : 0;
}

}  // namespace corebuf::os_socket
