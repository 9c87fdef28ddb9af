// The part of a new socket in which systems of the POSIX side differ.
#pragma once

namespace corebuf::os_socket {

/// Makes a new socket non-blocking and close-on-exec, and keeps it from raising SIGPIPE. False with errno. A process that another
/// thread starts before this call inherits the socket.
bool set_up(int fd);

}  // namespace corebuf::os_socket
