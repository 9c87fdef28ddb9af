// All slots of one size class of one shard. Freed slots go to a short list in front, the cache, which both fast
// paths touch and nothing else; behind it each slab keeps its own free slots, so that a slab whose slots are all
// back can be given up.
//
//   allocate ◀── cache ◀── refill ── slab (free list, then never-touched slots)
//   free     ──▶ cache ──▶ spill  ── slab ──▶ span allocator, when all of it is free
//
//   slots_total == slots_live + slots_cached + slots_in_slabs
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "memory/page_table.h"
#include "memory/size_class.h"
#include "memory/span_allocator.h"

namespace corebuf {

class slab_pool {
 public:
  void init(uint8_t size_class);

  /// nullptr when the budget is spent.
  void* allocate(span_allocator& spans, page_table& table) {
    slot* taken = cache_;
    if (__builtin_expect(taken == nullptr, 0)) return allocate_slow(spans, table);
    cache_ = taken->next;
    --slots_cached_;
    ++allocations_;
    return taken;
  }

  void free(span_allocator& spans, page_table& table, void* pointer) {
    slot* returned = static_cast<slot*>(pointer);
    returned->next = cache_;
    cache_ = returned;
    if (__builtin_expect(++slots_cached_ > cached_max_, 0)) spill(spans, table, cached_max_ / 2);
  }

  /// Puts cached slots back into their slabs until `keep` are left; slabs that become empty are given up.
  void spill(span_allocator& spans, page_table& table, size_t keep);

  size_t slot_size() const { return slot_sizes[size_class_]; }
  uint64_t allocations() const { return allocations_; }
  size_t slots_live() const { return slots_out_ - slots_cached_; }
  size_t slots_free() const { return slabs_ * slab_slots(size_class_) - slots_live(); }
  size_t slabs() const { return slabs_; }

  void invariant(page_table& table) const;

 private:
  void* allocate_slow(span_allocator& spans, page_table& table);
  bool add_slab(span_allocator& spans, page_table& table);
  void refill(page_table& table);

  slot* cache_ = nullptr;
  uint32_t slots_cached_ = 0;
  uint32_t cached_max_ = 0;
  uint64_t allocations_ = 0;
  size_t slots_out_ = 0;  // not in their slab: live or cached
  size_t slabs_ = 0;
  page_list partial_;  // slabs with a slot to give
  uint8_t size_class_ = 0;
};

}  // namespace corebuf
