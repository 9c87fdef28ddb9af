// What the programs of the `net` suite are told on their command line, and the bytes that they send each other.
//
//   --unix PATH | --port N [--host ADDRESS]   where the server is
//   --mode echo | framed | ingest | fetch     see traffic
//   --connections N --depth N --size N        messages of `size` bytes, `depth` of them under way on each connection
//   --seconds S --churn --verify --cpu N      how long; a connection for each message; every byte compared; the processor
#pragma once

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "net/socket_address.h"

namespace corebuf::bench {

/// What a request and its answer are.
enum class traffic : uint8_t {
  echo,    // `size` bytes, and the same come back
  framed,  // the same with their length in front, as 32 bits, big-endian; the server must look for frames
  ingest,  // `size` bytes, answered with one
  fetch,   // one byte, answered with `size`
};

inline constexpr size_t prefix_size = 4;

struct net_options {
  std::string path;
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  traffic mode = traffic::echo;
  size_t connections = 16;
  size_t depth = 1;
  size_t size = 100;
  double seconds = 1;
  bool churn = false;
  bool verify = false;
  int cpu = -1;

  size_t request_size() const {
    return mode == traffic::fetch ? 1 : size + (mode == traffic::framed ? prefix_size : 0);
  }
  size_t answer_size() const { return mode == traffic::ingest ? 1 : mode == traffic::fetch ? size : request_size(); }

  socket_address address() const {
    const auto made = path.empty() ? socket_address::ip(host, port) : socket_address::unix_path(path);
    if (made.ok()) return made.value();
    std::fprintf(stderr, "net: --host or --unix is no address: %s%s\n", host.c_str(), path.c_str());
    std::exit(2);
  }
};

inline traffic traffic_of(std::string_view name) {
  if (name == "framed") return traffic::framed;
  if (name == "ingest") return traffic::ingest;
  if (name == "fetch") return traffic::fetch;
  if (name == "echo") return traffic::echo;
  std::fprintf(stderr, "net: --mode takes echo, framed, ingest or fetch\n");
  std::exit(2);
}

inline net_options net_options_from(int arguments, char** argument) {
  net_options wanted;
  const auto number = [&](int at) { return std::strtoull(at < arguments ? argument[at] : "", nullptr, 10); };
  for (int at = 1; at < arguments; ++at) {
    const std::string_view word = argument[at];
    if (word == "--churn") wanted.churn = true;
    else if (word == "--verify") wanted.verify = true;
    else if (word == "--unix" && at + 1 < arguments) wanted.path = argument[++at];
    else if (word == "--host" && at + 1 < arguments) wanted.host = argument[++at];
    else if (word == "--mode" && at + 1 < arguments) wanted.mode = traffic_of(argument[++at]);
    else if (word == "--port") wanted.port = static_cast<uint16_t>(number(++at));
    else if (word == "--connections") wanted.connections = number(++at);
    else if (word == "--depth") wanted.depth = number(++at);
    else if (word == "--size") wanted.size = number(++at);
    else if (word == "--cpu") wanted.cpu = static_cast<int>(number(++at));
    else if (word == "--seconds" && at + 1 < arguments) wanted.seconds = std::strtod(argument[++at], nullptr);
    else {
      std::fprintf(stderr, "net: unknown option %s\n", argument[at]);
      std::exit(2);
    }
  }
  return wanted;
}

/// The thread stays on one processor; nothing happens for a negative number.
inline void stay_on(int cpu) {
  if (cpu < 0) return;
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(static_cast<size_t>(cpu), &only);
  sched_setaffinity(0, sizeof only, &only);
}

/// Payload that can be computed at any place: two copies of a table, so that each stretch of its size lies in one piece.
class payload_table {
 public:
  static constexpr size_t size = 64 * 1024;

  payload_table() : bytes_(2 * size) {
    uint64_t state = 88172645463325252;
    for (size_t at = 0; at < size; ++at) {
      state ^= state << 13, state ^= state >> 7, state ^= state << 17;
      bytes_[at] = bytes_[at + size] = static_cast<char>(state);
    }
  }

  /// Bytes from `position` on of message `number`, up to `length`.
  void copy(uint64_t number, size_t position, char* into, size_t length) const {
    while (length > 0) {
      const size_t start = (number * 40'503 + position) % size;
      const size_t part = std::min(length, size);
      std::memcpy(into, bytes_.data() + start, part);
      into += part, position += part, length -= part;
    }
  }

 private:
  std::vector<char> bytes_;
};

}  // namespace corebuf::bench
