#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "net/os_socket.h"
#include "net/os_socket_posix.h"

namespace corebuf::os_socket {

const int send_flags = MSG_NOSIGNAL;
const int keep_idle_option = TCP_KEEPIDLE;

bool set_up(int fd) {
  return ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

size_t untaken(int fd) {
  int bytes = 0;
  return ::ioctl(fd, TIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<size_t>(bytes) : 0;
}

}  // namespace corebuf::os_socket
