#include "node/handle_table.h"

#include <new>

namespace corebuf {

size_t handle_table::add_block(std::byte* memory) {
  for (size_t slot = 0; slot < block_slots; ++slot) new (memory + slot * slot_size) handle;
  blocks_.push_back(memory);
  return blocks_.size() - 1;
}

void handle_table::release_listed_slow(shard& here) {
  for (uint32_t at = 1; at <= listed_[0]; ++at) open_handle(here, (*this)[listed_[at]])->release(here);
  listed_[0] = 0;
}

void handle_table::release_all(shard& here) {
  release_listed(here);
  for (size_t slot = 0; slot < slots(); ++slot) open_handle(here, (*this)[slot])->release(here);
}

}  // namespace corebuf
