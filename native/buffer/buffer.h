// Ref-counted bytes. The record, and the bytes of a slab buffer, lie in the memory of one home. Only the home
// changes the count, so it is a plain integer. Other shards hold fragments (fragment.h), each of which counts
// as one reference.
//
//   slab      data ─▶ slots or spans of home             freed with the buffer
//   wrapped   data ─▶ memory of another owner            given back to its owner by `unpin`
//   proxy     data ─▶ memory of another home             `origin` is the one fragment that goes back there
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/shard_id.h"
#include "shard/shard.h"

namespace corebuf {

struct fragment;

enum class buffer_kind : uint8_t { slab, wrapped, proxy };

/// Called on the home when nothing refers to wrapped bytes any more.
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
  size_t referenced = 0;  // its part of holdings::referenced

  /// Each returns null when the budget of `home` is spent. The count is 0; the first fragment makes it 1.
  static buffer* make(shard& home, size_t size, size_t alignment = 1);
  static buffer* wrap(shard& home, std::byte* data, size_t size, unpin_function unpin, void* pinned);
  static buffer* make_proxy(shard& here, fragment* foreign);

  /// Fragments refer to `more` bytes more and `fewer` bytes fewer. Home only. The home learns only at the end
  /// of the buffer of bytes that another shard has trimmed from a fragment.
  void refer(shard& home, size_t more, size_t fewer = 0) {
    if (kind == buffer_kind::proxy) return;
    referenced += more - fewer;
    home.holdings_here().referenced += more - fewer;
  }

  /// Frees the buffer, to which nothing refers any more. Home only.
  void destroy(shard& home);
};

static_assert(sizeof(buffer) == 48);

}  // namespace corebuf
