// All memory of one shard: slots from slabs to 128 KiB, spans of pages above. Lies at the beginning of its own arena, so
// that it outlives the thread it was made for. Only its home may allocate and free; the fast paths take no
// lock, no atomic and no system call. Bytes that views may show and records of our own come from zones apart.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "base/shard_id.h"
#include "memory/address_map.h"
#include "memory/memory_zone.h"
#include "memory/page_budget.h"
#include "memory/page_table.h"

namespace corebuf {

struct memory_stats {
  size_t budget = 0;
  size_t committed = 0;     // bytes that may have memory behind them, bookkeeping included
  size_t used = 0;          // bytes of live slots and spans
  size_t free = 0;          // budget - used
  size_t live_objects = 0;
  uint64_t allocations = 0;
  uint64_t frees = 0;
  uint64_t failures = 0;
  uint64_t large_requests = 0;  // of more than slot_size_max in one piece
};

/// What is done to bytes when their buffer is freed.
enum class scrubbing : uint8_t { none, zero, poison };

struct heap_options {
  size_t budget = 0;  // bytes, at least shard_heap::budget_min
  bool huge_pages = false;
  scrubbing scrub = scrubbing::none;
};

struct heap_layout;

class shard_heap {
 public:
  /// In the arena of `home`, which must be unused or have been destroyed.
  static result<shard_heap*> create(shard_id home, const heap_options& options);

  /// Everything has been freed: the arena's memory goes back to the system. `heap` is gone.
  static void destroy(shard_heap* heap);

  /// 16-byte aligned; nullptr when the budget is spent. `size` is at least 1.
  void* allocate(size_t size) { return allocate_in(data_, size); }

  /// As allocate(), for what holds pointers, counts or the like: no view ever shows memory near it.
  void* allocate_record(size_t size) { return allocate_in(records_, size); }

  /// `alignment` is a power of two and at most 2 MiB.
  void* allocate_aligned(size_t size, size_t alignment);

  void free(void* pointer) {
    ASSERT_HOME(home_);
    const page& found = table_[table_.number_of(pointer)];
    if (__builtin_expect(found.kind == page_kind::slab, 1)) {
      pool_of(found).free(pointer);
    } else {
      free_large(pointer);
    }
  }

  /// What the allocation at `pointer` may really use.
  size_t usable_size(const void* pointer) const;

  /// Gives memory that nothing uses back to the system; returns bytes.
  size_t trim();
  /// Gives back what nothing has used since the last call; for intervals of about a second. Returns bytes.
  size_t decay();
  bool idle_memory() const {
    return pages_.resident > pages_.used || data_.cache.pages() > 0 || records_.cache.pages() > 0;
  }

  /// What is touched from now on should come from the node of the processor this thread is pinned to. Nothing happens where there
  /// is only one.
  void prefer_node_here();

  /// Tests: the n-th allocation from now fails as if the budget were spent, and so do all until it is called again; 0 is off.
  void fail_in(uint64_t allocations) { fail_in_ = allocations; }

  shard_id home() const { return home_; }
  scrubbing scrub() const { return scrub_; }
  size_t budget() const { return pages_.most * page_size; }
  /// Bytes of live slots and spans.
  size_t used() const;
  /// What the last allocation that failed had asked for.
  size_t refused() const { return refused_; }
  /// What stays committed when nothing lives: the heap itself.
  size_t committed_floor() const { return bookkeeping_pages_ * page_size; }
  size_t live_objects() const;
  memory_stats stats() const;
  const memory_zone& data() const { return data_; }
  const memory_zone& records() const { return records_; }

  void invariant();

  static constexpr size_t budget_min = 1 * MiB;
  static constexpr size_t alignment_max = 2 * MiB;

 private:
  shard_heap(shard_id home, page_table table, page_set resident, const heap_layout& at, const heap_options& options);

  void* allocate_in(memory_zone& zone, size_t size) {
    ASSERT_HOME(home_);
    DEBUG_ASSERT(size > 0);
    if (__builtin_expect(size <= slot_size_max && fail_in_ == 0, 1)) {
      void* slot = zone.pools[size_class_of(size)].allocate();
      return __builtin_expect(slot != nullptr, 1) ? slot : allocate_reclaiming(zone, size, slot_granularity);
    }
    return allocate_slow(zone, size, slot_granularity);
  }

  slab_pool& pool_of(const page& slab) const { return *reinterpret_cast<slab_pool*>(table_.at_offset(slab.pool)); }
  memory_zone& zone_of(page_number page) { return page < records_first_ ? data_ : records_; }

  void* allocate_slow(memory_zone& zone, size_t size, size_t alignment);
  void* allocate_reclaiming(memory_zone& zone, size_t size, size_t alignment);
  void* try_allocate(memory_zone& zone, size_t size, size_t alignment);
  void* allocate_span(memory_zone& zone, size_t size);
  void free_large(void* pointer);
  bool must_fail();
  void* refuse(size_t size);

  page_table table_;
  page_budget pages_;
  const page_number records_first_;  // where the record zone begins
  const shard_id home_;
  const scrubbing scrub_;
  const size_t bookkeeping_pages_;
  size_t large_live_ = 0;
  size_t large_pages_ = 0;
  uint64_t large_allocations_ = 0;
  uint64_t large_requests_ = 0;
  uint64_t failures_ = 0;
  uint64_t fail_in_ = 0;
  size_t refused_ = 0;
  bool on_node_ = false;
  memory_zone data_;
  memory_zone records_;
};

}  // namespace corebuf
