#include "net/listener.h"

#include <unistd.h>

#include "net/os_socket.h"

namespace corebuf {

listener::~listener() {
  const auto address = os_socket::local_address(fd());
  const std::string path = address ? address.value().path() : std::string();
  fd_.reset();
  // An abstract name begins with a zero byte, and goes by itself.
  if (!path.empty() && path[0] != '\0') ::unlink(path.c_str());
}

}  // namespace corebuf
