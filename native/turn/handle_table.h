// The chains of JavaScript's objects. An IoBuf or DmaBuffer in JavaScript is the number of a handle slot
// here. The slots lie in ArrayBuffers that JavaScript made, so it reads lengths, and appends into slack,
// without a call.
//
//   handle │ iobuf: length, fragments, slack │ pending │ where the slack and the first fragment begin │
//             written by C++                    JS        C++
//
// A slot that is not in use holds an empty chain, so making and forgetting an empty IoBuf costs nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "buffer/iobuf.h"
#include "memory/address_map.h"
#include "shard/shard.h"

namespace corebuf {

/// An address in the arenas of the process, as JavaScript sees it.
struct region_address {
  static constexpr uint32_t region_outside = UINT32_MAX;  // wrapped memory lies in no arena

  uint32_t region = 0;   // number of the region, counted from the base of the reservation
  uint32_t offset = 0;  // within the region

  static region_address of(const void* pointer) {
    if (__builtin_expect(owner(pointer) == no_shard, 0)) return {region_outside, 0};
    const uintptr_t distance = address_of(pointer) - the_address_map->base();
    return {static_cast<uint32_t>(distance / region_size), static_cast<uint32_t>(distance % region_size)};
  }
  std::byte* start() const {
    return reinterpret_cast<std::byte*>(the_address_map->base() + size_t{region} * region_size + offset);
  }
};

struct handle {
  iobuf bytes;
  uint32_t pending = 0;  // bytes JavaScript has written into the slack since the last call
  region_address slack;    // its address after the last call; pending bytes begin here
  region_address front;    // address of the first fragment
  uint32_t kind = 0;     // used by JavaScript alone: the class of the object
};

class handle_table {
 public:
  static constexpr size_t block_slots = 256;
  static constexpr size_t slot_size = 64;

  /// Adds a block of slots and returns its number. `memory` is block_slots * slot_size zeroed bytes that live
  /// as long as the table.
  size_t add_block(std::byte* memory);

  /// For calls that may change any fragment of the chain: its remembered position is forgotten.
  handle& to_change(size_t slot) {
    ++changes_[slot % changes_max];
    remembered& kept = remembered_[slot % remembered_max];
    if (kept.slot == slot) kept = {};
    return at(slot);
  }
  /// Only for calls that leave every fragment before the last one as it is: the chain's remembered position stays valid. A call
  /// that removes or moves one of them would leave the position pointing to freed memory.
  handle& to_read_or_append(size_t slot) { return at(slot); }
  /// The position that the last call on the chain reached: the next call probably begins there.
  chain_position& position(size_t slot) {
    remembered& kept = remembered_[slot % remembered_max];
    if (kept.slot != slot) kept = {.slot = slot, .position = {}};
    return kept.position;
  }
  /// A number that is another one after each call that may have changed the chain. It may differ without such a call.
  uint32_t changes(size_t slot) const { return changes_[slot % changes_max]; }

  size_t blocks() const { return blocks_.size(); }
  size_t slots() const { return blocks_.size() * block_slots; }
  /// Whether the memory is a block of this table. O(blocks).
  bool has_block(const std::byte* memory) const;

  /// Releases the chains that JavaScript has listed since the last call.
  void release_listed(shard& here) {
    if (listed_ == nullptr || listed_[0] == 0) return;
    release_listed_slow(here);
  }
  /// Sets the list that JavaScript writes: a word with the count, then up to listed_max slot numbers. Numbers of no slot are skipped.
  void list_in(uint32_t* words) { listed_ = words; }
  static constexpr size_t listed_max = 255;

  void release_all(shard& here);

  /// Bytes that JavaScript's objects on this shard refer to, as `home` counts them. Some nanoseconds for each slot and fragment.
  size_t referenced_of(shard_id home) const;

 private:
  struct remembered {
    size_t slot = SIZE_MAX;
    chain_position position;
  };
  static constexpr size_t remembered_max = 8;
  static constexpr size_t changes_max = 256;

  handle& at(size_t slot) {
    return *reinterpret_cast<handle*>(blocks_[slot / block_slots] + slot % block_slots * slot_size);
  }
  void release_listed_slow(shard& here);

  std::array<remembered, remembered_max> remembered_;  // index: slot % remembered_max
  std::array<uint32_t, changes_max> changes_{};        // index: slot % changes_max
  std::vector<std::byte*> blocks_;
  uint32_t* listed_ = nullptr;
};

static_assert(sizeof(handle) <= handle_table::slot_size);

/// A handle during one call. The constructor makes the bytes that JavaScript wrote into the slack part of the
/// chain; the destructor publishes the new addresses of the slack and the front.
class open_handle {
 public:
  open_handle(shard& here, handle& opened) : opened_(opened) {
    opened_.bytes.publish(here, opened_.pending);
    opened_.pending = 0;
  }
  ~open_handle() {
    const std::span<std::byte> slack = opened_.bytes.slack();
    if (!slack.empty()) opened_.slack = region_address::of(slack.data());
    if (opened_.bytes.front() != nullptr) opened_.front = region_address::of(opened_.bytes.front()->data);
  }
  open_handle(const open_handle&) = delete;
  open_handle& operator=(const open_handle&) = delete;

  iobuf* operator->() const { return &opened_.bytes; }
  iobuf& operator*() const { return opened_.bytes; }

 private:
  handle& opened_;
};

}  // namespace corebuf
