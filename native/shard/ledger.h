// Counts every payload byte that was copied, by the kind of copy, and every byte that was shared or moved
// instead. Each shard has one, which only its home changes; therefore it is in this layer, below the buffers
// it counts for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace corebuf {

enum class copy_kind : uint8_t {
  append,     // into a chain
  copy_to,    // out of a chain into other slab memory, such as an aligned chunk
  to_buffer,  // out of a chain into JavaScript's memory, strings included
  message,    // encoded arguments and results
  receive,    // small pieces from a socket, out of the shard's receive buffer into a chain
};

inline constexpr std::array copy_kind_names = {"append", "copyTo", "toBuffer", "message", "receive"};

struct ledger {
  std::array<uint64_t, copy_kind_names.size()> copied{};
  uint64_t shared = 0;
  uint64_t moved = 0;

  void count_copy(copy_kind kind, size_t bytes) { copied[static_cast<size_t>(kind)] += bytes; }
};

}  // namespace corebuf
