// One reference to a run of bytes in one buffer: the link of every chain, and what goes home when the reference is given up.
// Lies in the memory of its buffer's home. Who holds it may read it, shorten it and link it; only home counts and frees it.
#pragma once

#include <cstddef>

#include "buffer/buffer.h"
#include "shard/homebound.h"

namespace corebuf {

struct fragment : homebound {
  buffer* of = nullptr;
  std::byte* data = nullptr;
  size_t length = 0;

  std::byte* end() const { return data + length; }

  /// Null when the budget is spent. Home only.
  static fragment* make(shard& home, buffer& of, std::byte* data, size_t length);
};

static_assert(sizeof(fragment) == 32);

/// shard_handlers::drop of every shard: gives up one reference. Home only.
void drop_fragment(shard& home, homebound* object);

}  // namespace corebuf
