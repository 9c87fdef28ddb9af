// Where the chains of JavaScript's objects live. An IoBuf or DmaBuffer in JavaScript is the number of a slot here; the
// slots lie in ArrayBuffers that JavaScript made, so that it reads lengths, and appends into slack, without a call.
//
//   handle │ iobuf: length, fragments, slack │ pending │ where the slack and the first fragment begin │
//             written by C++                    JS        C++
//
// A slot that is not in use holds an empty chain: making and forgetting an empty IoBuf costs nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "buffer/iobuf.h"
#include "memory/address_map.h"
#include "shard/shard.h"

namespace corebuf {

/// A place in the process's arenas as JavaScript sees it.
struct window_place {
  static constexpr uint32_t piece_outside = UINT32_MAX;  // wrapped memory lies in no arena

  uint32_t piece = 0;   // number of the window_size piece, from the base of the reservation
  uint32_t offset = 0;  // within it

  static window_place of(const void* pointer) {
    if (__builtin_expect(owner(pointer) == no_shard, 0)) return {piece_outside, 0};
    const uintptr_t distance = address_of(pointer) - the_address_map->base();
    return {static_cast<uint32_t>(distance / window_size), static_cast<uint32_t>(distance % window_size)};
  }
  std::byte* start() const {
    return reinterpret_cast<std::byte*>(the_address_map->base() + size_t{piece} * window_size + offset);
  }
};

struct handle {
  iobuf bytes;
  uint32_t pending = 0;  // bytes JavaScript has written into the slack since the last call
  window_place slack;    // as of the last call; pending bytes begin here
  window_place front;    // of the first fragment
};

class handle_table {
 public:
  static constexpr size_t block_slots = 256;
  static constexpr size_t slot_size = 64;

  /// `memory` is block_slots * slot_size zeroed bytes that live as long as the table. Returns the block's number.
  size_t add_block(std::byte* memory);

  handle& operator[](size_t slot) {
    remembered& kept = remembered_[slot % remembered_max];
    if (kept.slot == slot) kept = {};
    return at(slot);
  }
  /// For calls that leave all fragments before the last as they are: what is remembered stays right.
  handle& unmoved(size_t slot) { return at(slot); }
  /// Where the last call on the chain has been, which is where the next one is likely to begin.
  chain_place& place(size_t slot) {
    remembered& kept = remembered_[slot % remembered_max];
    if (kept.slot != slot) kept = {.slot = slot, .place = {}};
    return kept.place;
  }
  size_t slots() const { return blocks_.size() * block_slots; }

  /// Releases what JavaScript has listed since the last time: a count, then slots.
  void release_listed(shard& here) {
    if (listed_ == nullptr || listed_[0] == 0) return;
    release_listed_slow(here);
  }
  /// JavaScript's list, of 1 + listed_max words.
  void list_in(uint32_t* words) { listed_ = words; }
  static constexpr size_t listed_max = 255;

  void release_all(shard& here);

 private:
  struct remembered {
    size_t slot = SIZE_MAX;
    chain_place place;
  };
  static constexpr size_t remembered_max = 8;

  handle& at(size_t slot) {
    return *reinterpret_cast<handle*>(blocks_[slot / block_slots] + slot % block_slots * slot_size);
  }
  void release_listed_slow(shard& here);

  std::array<remembered, remembered_max> remembered_;  // by slot % remembered_max
  std::vector<std::byte*> blocks_;
  uint32_t* listed_ = nullptr;
};

static_assert(sizeof(handle) <= handle_table::slot_size);

/// A handle during one call: what JavaScript wrote into the slack becomes part of the chain first, and where things
/// lie is published again at the end.
class open_handle {
 public:
  open_handle(shard& here, handle& opened) : opened_(opened) {
    opened_.bytes.publish(here, opened_.pending);
    opened_.pending = 0;
  }
  ~open_handle() {
    const std::span<std::byte> slack = opened_.bytes.slack();
    if (!slack.empty()) opened_.slack = window_place::of(slack.data());
    if (opened_.bytes.front() != nullptr) opened_.front = window_place::of(opened_.bytes.front()->data);
  }
  open_handle(const open_handle&) = delete;
  open_handle& operator=(const open_handle&) = delete;

  iobuf* operator->() const { return &opened_.bytes; }
  iobuf& operator*() const { return opened_.bytes; }

 private:
  handle& opened_;
};

}  // namespace corebuf
