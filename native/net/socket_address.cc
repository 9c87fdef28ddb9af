#include "net/socket_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace corebuf {

result<socket_address> socket_address::ip(const std::string& host, uint16_t port) {
  // getaddrinfo understands zones, which inet_pton does not; with AI_NUMERICHOST it asks nobody.
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return error::from_errno(EINVAL);
  socket_address made;
  made.length_ = found->ai_addrlen;
  std::memcpy(&made.storage_, found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  if (!made.is_ip()) return error::from_errno(EINVAL);
  // The port lies at the same place in both families.
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  reinterpret_cast<sockaddr_in*>(&made.storage_)->sin_port = htons(port);
  return made;
}

result<socket_address> socket_address::unix_path(std::string_view path) {
  sockaddr_un made{};
  if (path.empty() || path.find('\0', 1) != std::string_view::npos) return error::from_errno(EINVAL);
  // A path ends with a zero byte; an abstract name ends where its length says.
  const bool abstract = path[0] == '\0';
  if (path.size() + (abstract ? 0 : 1) > sizeof made.sun_path) return error::from_errno(ENAMETOOLONG);
  made.sun_family = AF_UNIX;
  std::memcpy(made.sun_path, path.data(), path.size());
  socket_address address;
  address.length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
  std::memcpy(&address.storage_, &made, sizeof made);
  return address;
}

std::string socket_address::host() const {
  if (!is_ip()) return {};
  char text[NI_MAXHOST];
  if (::getnameinfo(data(), length_, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) return {};
  return text;
}

uint16_t socket_address::port() const {
  return is_ip() ? ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port) : 0;
}

std::string socket_address::path() const {
  constexpr size_t start = offsetof(sockaddr_un, sun_path);
  if (family() != AF_UNIX || length_ <= start) return {};
  const char* first = reinterpret_cast<const sockaddr_un*>(&storage_)->sun_path;
  const size_t bytes = length_ - start;
  return {first, *first == '\0' ? bytes : ::strnlen(first, bytes)};
}

}  // namespace corebuf
