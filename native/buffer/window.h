// The memory that the ArrayBuffer under a view of a fragment shows. Bytes of one buffer may be seen together, and so may small buffers, as in
// Node's own pool; no other bytes of an arena may.
//
//   buffer in a slot of a page or more       the buffer, and nothing of the slot behind it
//   the same, of which a small part is seen  64 KiB of the buffer at most
//   buffer in a smaller slot                 the slab, which holds slots of that size alone
//
// Any shard may ask that holds a fragment of the buffer: nothing of what the answer depends on changes while the buffer lives.
#pragma once

#include "buffer/fragment.h"

namespace corebuf {

struct window {
  std::byte* start;
  size_t length;

  /// Fragments that are smaller than this are small.
  static constexpr size_t small = page_size;
  /// Bytes in the window of a small fragment, at most.
  static constexpr size_t small_max = 64 * KiB;
};

/// The fragment is not of wrapped memory.
window window_of(const fragment& at);

}  // namespace corebuf
