// Ref-counted bytes. The record and, for slab bytes, the bytes lie in the memory of one home; only home changes
// the count, so it is a plain integer. What other shards hold are fragments (fragment.h), which count as one each.
//
//   slab      data ─▶ slots or spans of home             freed with the buffer
//   wrapped   data ─▶ memory of somebody else            handed back to its owner through `unpin`
//   proxy     data ─▶ memory of another home             `origin` is the one fragment that goes back there
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/shard_id.h"
#include "shard/shard.h"

namespace corebuf {

struct fragment;

enum class buffer_kind : uint8_t { slab, wrapped, proxy };

/// Called on home when nobody refers to wrapped bytes any more.
using unpin_function = void (*)(shard& home, void* pinned);

struct buffer {
  uint32_t count = 0;  // fragments that refer to it
  buffer_kind kind = buffer_kind::slab;
  std::byte* data = nullptr;
  size_t size = 0;
  union {
    fragment* origin = nullptr;
    void* pinned;
  };
  unpin_function unpin = nullptr;
  size_t referenced = 0;  // what home has counted of it in holdings::referenced

  /// Each returns null when the budget of `home` is spent. The count is 0: the first fragment makes it 1.
  static buffer* make(shard& home, size_t size, size_t alignment = 1);
  static buffer* wrap(shard& home, std::byte* data, size_t size, unpin_function unpin, void* pinned);
  static buffer* make_proxy(shard& here, fragment* foreign);

  /// Fragments refer to so many bytes more, or fewer. Home only. What another shard trims of a fragment is not heard of before the
  /// buffer is gone.
  void refer(shard& home, size_t more, size_t fewer = 0) {
    if (kind == buffer_kind::proxy) return;
    referenced += more - fewer;
    home.holdings_here().referenced += more - fewer;
  }

  /// The last reference is gone. Home only.
  void destroy(shard& home);
};

static_assert(sizeof(buffer) == 48);

}  // namespace corebuf
