// One reservation of address space for the whole process, cut into equal arenas, so that the owner of any
// memory follows from its address alone. Any thread may ask; the answer never changes.
//
//   base            base + 1 << shift                                  base + shards_max << shift
//    │ arena 0 (shard 0) │ arena 1 (shard 1) │ …                        │
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "base/shard_id.h"

namespace corebuf {

/// A region: JavaScript sees arenas in parts of this size, and each is readable and writable as a whole or
/// not at all.
inline constexpr size_t region_size = 2 * MiB;

class address_map {
 public:
  /// The map of the process; reserves the address space on the first call. When the system refuses it (ulimit
  /// -v, small machines), arenas are halved until it fits. out_of_memory when even the smallest arenas do not
  /// fit.
  static result<const address_map*> get();

  /// The shard whose arena holds `pointer`; no_shard when no arena does.
  shard_id owner(const void* pointer) const {
    const uintptr_t arena = (address_of(pointer) - base_) >> arena_shift_;
    return arena < shards_max ? static_cast<shard_id>(arena) : no_shard;
  }

  std::byte* arena(shard_id shard) const {
    ASSERT(shard < shards_max);
    return reinterpret_cast<std::byte*>(base_ + (uintptr_t{shard} << arena_shift_));
  }

  uintptr_t base() const { return base_; }
  size_t arena_size() const { return size_t{1} << arena_shift_; }

  void invariant() const;

 private:
  static bool reserve(address_map& map);

  uintptr_t base_ = 0;
  unsigned arena_shift_ = 0;
};

/// For code that runs only after a shard has been attached.
extern const address_map* the_address_map;

inline shard_id owner(const void* pointer) { return the_address_map->owner(pointer); }

}  // namespace corebuf
