// All slots of one size class of one shard. Both fast paths touch only a magazine of free slots. Behind it
// each slab records its free slots as bits outside of the slab, so that a slab whose slots are all free can
// be given back.
//
//   allocate ◀── magazine ◀── refill ── slab: bits of free slots
//   free     ──▶ magazine ──▶ spill  ── slab ──▶ span cache, when all of it is free
//
//   slots_total == slots_live + slots_cached + slots_in_slabs
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "memory/magazine.h"
#include "memory/page_table.h"
#include "memory/size_class.h"
#include "memory/span_cache.h"

namespace corebuf {

class slab_pool {
 public:
  /// The pool lies in the arena of `table`. The magazine may hold `cached_bytes` of free slots.
  slab_pool(span_cache& spans, page_table table, size_t size_class, size_t cached_bytes);
  slab_pool(const slab_pool&) = delete;
  slab_pool& operator=(const slab_pool&) = delete;

  /// nullptr when the budget is spent.
  void* allocate() {
    if (__builtin_expect(free_.empty(), 0) && !refill()) return nullptr;
    ++allocations_;
    return free_.pop();
  }

  void free(void* pointer) {
    if (__builtin_expect(free_.full(), 0)) spill(free_.limit() - step());
    free_.push(pointer);
  }

  /// Returns the oldest free slots to their slabs until `keep` are left in the magazine. Slabs that are free
  /// as a whole are given back.
  void spill(size_t keep);

  size_t slot_size() const { return slot_sizes[size_class_]; }
  uint64_t allocations() const { return allocations_; }
  size_t slots_live() const { return slots_out_ - free_.size(); }
  size_t slots_free() const { return slabs_ * slab_slots(size_class_) - slots_live(); }
  size_t slabs() const { return slabs_; }

  size_t pages() const { return slabs_ << slab_order(size_class_); }

  void invariant() const;

 private:
  static constexpr size_t cached_slots_max = 1024;
  static constexpr size_t cached_slots_min = 16;

  /// Slots that move between magazine and slabs at once. It is a part of the magazine, so that a program
  /// which holds nearly as many objects as the magazine soon finds it half full and then moves nothing any
  /// more.
  size_t step() const { return free_.limit() / 4; }

  bool refill();
  template <typename Visit>
  void each_page_of_slots(page_number first, Visit visit) const;
  bool add_slab();
  size_t take_slots(page_number first, std::span<void*> into);
  void put_slots(std::span<void* const> slots);
  void give_up(page_number first);

  magazine<void*, cached_slots_max> free_;
  uint64_t allocations_ = 0;
  size_t slots_out_ = 0;  // slots that are live or in the magazine
  size_t slabs_ = 0;
  page_list partial_;     // slabs with a free slot
  span_cache& spans_;
  page_table table_;
  const uint32_t reciprocal_;  // of the slot size, in 2^-32, rounded up
  const uint8_t size_class_;
};

}  // namespace corebuf
