#include "node/handle_table.h"

#include <new>

namespace corebuf {

size_t handle_table::add_block(std::byte* memory) {
  for (size_t slot = 0; slot < block_slots; ++slot) new (memory + slot * slot_size) handle;
  blocks_.push_back(memory);
  return blocks_.size() - 1;
}

size_t handle_table::release_block(shard& here, size_t block) {
  size_t released = 0;
  for (size_t slot = block * block_slots; slot < (block + 1) * block_slots; ++slot) {
    const open_handle forgotten(here, (*this)[slot]);
    if (forgotten->fragment_count() == 0) continue;
    forgotten->release(here);
    ++released;
  }
  return released;
}

void handle_table::release_all(shard& here) {
  for (size_t block = 0; block < blocks_.size(); ++block) release_block(here, block);
}

}  // namespace corebuf
