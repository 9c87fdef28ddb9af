// The address of a TCP or Unix socket, as the kernel takes it and as people read it. It is a value of 132 bytes; any thread may
// use it. Host names are resolved elsewhere: an address is numeric.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace corebuf {

class socket_address {
 public:
  socket_address() = default;

  /// `host` is an IPv4 or IPv6 address in digits, with a zone (`fe80::1%eth0`) where it needs one; EINVAL for anything else.
  static result<socket_address> ip(const std::string& host, uint16_t port);

  /// A path in the file system, or an abstract name of Linux, which begins with a zero byte. EINVAL when it is empty or has
  /// another zero byte in it, ENAMETOOLONG when the kernel's limit (107 bytes on Linux) is less.
  static result<socket_address> unix_path(std::string_view path);

  /// Calls `fill(sockaddr*, socklen_t*)`, which is getsockname, getpeername or the like and returns -1 with errno when it fails.
  template <typename Fill>
  static result<socket_address> from(Fill fill);

  int family() const { return storage_.ss_family; }
  bool is_ip() const { return family() == AF_INET || family() == AF_INET6; }

  /// Text of an IP address without its port; empty for a Unix socket.
  std::string host() const;
  uint16_t port() const;  // 0 for a Unix socket
  /// Path of a Unix socket as unix_path() takes it; empty for IP and for a socket that was never bound.
  std::string path() const;

  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

template <typename Fill>
result<socket_address> socket_address::from(Fill fill) {
  socket_address filled;
  filled.length_ = sizeof filled.storage_;
  const int failed = fill(reinterpret_cast<sockaddr*>(&filled.storage_), &filled.length_);
  if (failed != 0) return error::from_errno(errno);
  return filled;
}

}  // namespace corebuf
