// The number of a shard: the index of its arena, and of its row and column in the mesh. ASSERT_HOME compares
// with `current_shard`, which is set for as long as this thread acts as that shard.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/assert.h"

namespace corebuf {

using shard_id = uint16_t;

inline constexpr size_t shards_max = 256;
inline constexpr shard_id no_shard = 0xffff;

inline thread_local shard_id current_shard = no_shard;

/// This thread acts as `id` until the end of the block: as its own shard in a turn, or as a shard that has
/// died.
class [[nodiscard]] acting_as {
 public:
  explicit acting_as(shard_id id) : before_(current_shard) { current_shard = id; }
  ~acting_as() { current_shard = before_; }
  acting_as(const acting_as&) = delete;
  acting_as& operator=(const acting_as&) = delete;

 private:
  const shard_id before_;
};

}  // namespace corebuf

/// The state of one shard is changed by that shard alone.
#define ASSERT_HOME(id) DEBUG_ASSERT(::corebuf::current_shard == (id))
