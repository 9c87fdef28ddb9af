// A shard for tests of buffers, and bytes to put into them.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "buffer/fragment.h"
#include "buffer/iobuf.h"
#include "shard/host_test_support.h"

namespace corebuf {

struct buffer_host : shard_host {
  static constexpr size_t budget_default = 64 * MiB;

  static void discard(shard& here, message* delivered) { here.dispose(delivered); }

  explicit buffer_host(size_t budget = budget_default, receiver receive = discard, void* test = nullptr)
      : shard_host(budget, drop_fragment, receive, test) {}

  size_t live() { return (*this)->heap().live_objects(); }
  uint64_t allocations() { return (*this)->heap().stats().allocations; }
};

/// Lets references that are on their way arrive; true when nothing lives on any of these shards then.
inline bool all_home(std::initializer_list<buffer_host*> hosts) {
  for (size_t turn = 0; turn < 3; ++turn) {
    for (buffer_host* host : hosts) host->turn();
  }
  return std::ranges::all_of(hosts, [](buffer_host* host) { return host->live() == 0; });
}

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string text_of(const iobuf& chain) {
  std::string text(chain.length(), '?');
  chain.copy_out(0, std::as_writable_bytes(std::span(text)));
  return text;
}

/// Text in which every byte depends on its position.
inline std::string letters(size_t length, size_t from = 0) {
  std::string text(length, ' ');
  for (size_t at = 0; at < length; ++at) text[at] = static_cast<char>((at + from) * 131 >> 3);
  return text;
}

}  // namespace corebuf
