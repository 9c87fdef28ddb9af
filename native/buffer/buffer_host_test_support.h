// A shard for tests of buffers, and bytes to put into them.
#pragma once

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

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string text_of(const iobuf& chain) {
  std::string text(chain.length(), '?');
  chain.copy_out(0, std::as_writable_bytes(std::span(text)));
  return text;
}

/// Every byte depends on where it is.
inline std::string letters(size_t length, size_t from = 0) {
  std::string text(length, ' ');
  for (size_t at = 0; at < length; ++at) text[at] = static_cast<char>((at + from) * 131 >> 3);
  return text;
}

}  // namespace corebuf
