// Counts every payload byte that was copied, by place, and every byte that was shared or moved instead. One per
// shard, written by its home. It lies below the buffers it counts for because each shard carries one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace corebuf {

enum class copy_place : uint8_t {
  append,     // into a chain
  copy_to,    // out of a chain into other slab memory, such as an aligned chunk
  to_buffer,  // out of a chain into JavaScript's memory, strings included
  message,    // arguments and results that are encoded
};

inline constexpr std::array copy_place_names = {"append", "copyTo", "toBuffer", "message"};

struct ledger {
  std::array<uint64_t, copy_place_names.size()> copied{};
  uint64_t shared = 0;
  uint64_t moved = 0;

  void count_copy(copy_place place, size_t bytes) { copied[static_cast<size_t>(place)] += bytes; }
};

}  // namespace corebuf
