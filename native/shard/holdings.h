// How much memory the live buffers of one shard hold, and how much of it fragments refer to. Where the second
// is far below the first, small shares hold large buffers. Only the home changes these gauges. They are in
// this layer because every shard has them.
#pragma once

#include <cstddef>

namespace corebuf {

struct holdings {
  size_t pinned = 0;      // bytes of slab buffers
  size_t wrapped = 0;     // bytes of wrapped buffers
  size_t referenced = 0;  // bytes of fragments of both; bytes that several fragments share count for each
};

}  // namespace corebuf
