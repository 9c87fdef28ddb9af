#include "memory/address_map.h"

#include "memory/os_memory.h"

namespace corebuf {

namespace {

// ThreadSanitizer can shadow far less than the 47-bit address space of a process.
#ifdef __SANITIZE_THREAD__
constexpr unsigned arena_shift_max = 30;
#else
constexpr unsigned arena_shift_max = 37;
#endif
constexpr unsigned arena_shift_min = 24;

address_map process_map;

}  // namespace

const address_map* the_address_map = nullptr;

bool address_map::reserve(address_map& map) {
  for (unsigned shift = arena_shift_max; shift >= arena_shift_min; --shift) {
    const size_t arena_size = size_t{1} << shift;
    const auto base = os_memory::reserve(arena_size * shards_max, arena_size);
    if (!base.ok()) continue;
    map.base_ = address_of(base.value());
    map.arena_shift_ = shift;
    return true;
  }
  return false;
}

result<const address_map*> address_map::get() {
  // Runs once per process, on the thread that comes first. Not std::call_once, which would need glibc 2.34.
  static const bool reserved = [] {
    if (!reserve(process_map)) return false;
    the_address_map = &process_map;
    return true;
  }();
  if (!reserved) return error_code::out_of_memory;
  return the_address_map;
}

void address_map::invariant() const {
  ASSERT(base_ != 0);
  ASSERT(is_aligned(base_, arena_size()));
  ASSERT(owner(arena(0)) == 0);
  ASSERT(owner(arena(shards_max - 1) + arena_size() - 1) == shards_max - 1);
  ASSERT(owner(arena(0) - 1) == no_shard);
  ASSERT(owner(arena(shards_max - 1) + arena_size()) == no_shard);
}

}  // namespace corebuf
