#include "buffer/window.h"

#include <algorithm>

#include "memory/shard_heap.h"

namespace corebuf {

namespace {

/// Parts of a large buffer overlap by what a small fragment may be long, so that each small fragment lies within one.
constexpr size_t part_step = window::small_max - window::small;

constexpr bool slabs_of_small_slots_are_small() {
  for (size_t at = 0; slot_sizes[at] < page_size; ++at) {
    if ((page_size << slab_order(at)) > window::small_max) return false;
  }
  return true;
}

static_assert(slabs_of_small_slots_are_small());

window slab_of(std::byte* slot, size_t slot_size) {
  const size_t size = page_size << slab_order(size_class_of(slot_size));
  return {reinterpret_cast<std::byte*>(align_down(address_of(slot), size)), size};
}

}  // namespace

window window_of(const fragment& at) {
  const buffer& of = buffer_of_bytes(at);
  DEBUG_ASSERT(of.kind == buffer_kind::slab);
  const size_t slot_size = shard_heap::of(owner(of.data)).usable_size(of.data);
  if (slot_size < page_size) return slab_of(of.data, slot_size);
  if (at.length >= window::small || of.size <= window::small_max) return {of.data, of.size};
  const size_t part = static_cast<size_t>(at.data - of.data) / part_step * part_step;
  return {of.data + part, std::min(window::small_max, of.size - part)};
}

}  // namespace corebuf
