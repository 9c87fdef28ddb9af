#include "turn/handle_table.h"

#include <algorithm>
#include <new>

namespace corebuf {

size_t handle_table::add_block(std::byte* memory) {
  for (size_t slot = 0; slot < block_slots; ++slot) new (memory + slot * slot_size) handle;
  blocks_.push_back(memory);
  return blocks_.size() - 1;
}

bool handle_table::has_block(const std::byte* memory) const {
  return std::find(blocks_.begin(), blocks_.end(), memory) != blocks_.end();
}

void handle_table::release_listed_slow(shard& here) {
  const size_t count = std::min<size_t>(listed_[0], listed_max);
  for (size_t at = 1; at <= count; ++at) {
    if (listed_[at] < slots()) open_handle(here, to_change(listed_[at]))->release(here);
  }
  listed_[0] = 0;
}

void handle_table::release_all(shard& here) {
  release_listed(here);
  for (size_t slot = 0; slot < slots(); ++slot) open_handle(here, to_change(slot))->release(here);
}

size_t handle_table::referenced_of(shard_id home) const {
  size_t bytes = 0;
  for (const std::byte* block : blocks_) {
    for (size_t slot = 0; slot < block_slots; ++slot) {
      bytes += reinterpret_cast<const handle*>(block + slot * slot_size)->bytes.referenced_of(home);
    }
  }
  return bytes;
}

}  // namespace corebuf
