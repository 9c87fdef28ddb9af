// How much memory the live buffers of one shard hold, and how much of it fragments refer to: where the second is far below the
// first, small shares hold large buffers. Gauges, changed by home alone; they lie below the buffers they count for, as the
// ledger does.
#pragma once

#include <cstddef>

namespace corebuf {

struct holdings {
  size_t pinned = 0;      // sizes of slab buffers
  size_t wrapped = 0;     // sizes of wrapped ones
  size_t referenced = 0;  // lengths of fragments of both; what several share counts for each of them
};

}  // namespace corebuf
