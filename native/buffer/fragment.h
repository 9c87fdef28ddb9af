// One reference to a run of bytes in one buffer: the link of every chain. It travels home when the reference
// is given up. It lies in the memory of its buffer's home. Its holder may read it, shorten it and link it;
// only the home counts and frees it.
#pragma once

#include <cstddef>

#include "buffer/buffer.h"
#include "memory/address_map.h"
#include "shard/homebound.h"

namespace corebuf {

struct fragment : homebound {
  buffer* of = nullptr;
  std::byte* data = nullptr;
  size_t length = 0;

  std::byte* end() const { return data + length; }

  /// Makes a fragment of `of`; null when the budget is spent. Home only.
  static fragment* make(shard& home, buffer& of, std::byte* data, size_t length);
};

static_assert(sizeof(fragment) == 32);

/// The buffer that has the bytes. A proxy lies in the memory of the shard that shares, so this looks behind
/// proxies.
inline const buffer& buffer_of_bytes(const fragment& at) {
  const buffer* of = at.of;
  while (of->kind == buffer_kind::proxy) of = of->origin->of;
  return *of;
}

/// The shard whose memory the bytes are.
inline shard_id home_of_bytes(const fragment& at) { return owner(&buffer_of_bytes(at)); }

/// shard_handlers::drop of every shard: gives up one reference. Home only.
void drop_fragment(shard& home, homebound* object);

}  // namespace corebuf
