#include "buffer/scan.h"

namespace corebuf {

namespace {

constexpr size_t freeing_cost = 1 * KiB;

}  // namespace

bool clear_slice(shard& here, iobuf& chain, slice_quota& quota) {
  while (!chain.empty()) {
    // A fragment without bytes is released with the next one that has some.
    chain.trim_front(here, std::max<size_t>(chain.front()->length, 1));
    if (!quota.spend(freeing_cost)) return false;
  }
  chain.release(here);
  return true;
}

}  // namespace corebuf
