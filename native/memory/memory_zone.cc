#include "memory/memory_zone.h"

namespace corebuf {

size_t memory_zone::slots_live() const {
  size_t live = 0;
  for (const slab_pool& pool : pools) live += pool.slots_live();
  return live;
}

size_t memory_zone::bytes_live() const {
  size_t live = 0;
  for (const slab_pool& pool : pools) live += pool.slots_live() * pool.slot_size();
  return live;
}

void memory_zone::spill() {
  for (slab_pool& pool : pools) pool.spill(0);
  cache.clear();
}

void memory_zone::invariant() const {
  spans.invariant();
  cache.invariant();
  for (const slab_pool& pool : pools) pool.invariant();
}

}  // namespace corebuf
