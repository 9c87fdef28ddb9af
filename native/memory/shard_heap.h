// All memory of one shard: slots of slabs up to 128 KiB, spans of pages above. It lies at the beginning of
// its own arena, so it outlives the thread it was made for. Only its home may allocate and free; the fast
// paths take no lock, no atomic operation and no system call. Bytes that views may show and records of this
// package come from separate zones.
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
  uint64_t large_requests = 0;  // requests for more than slot_size_max contiguous bytes
};

/// How bytes are overwritten when their buffer is freed.
enum class scrubbing : uint8_t { none, zero, poison };

struct heap_options {
  size_t budget = 0;  // bytes, at least shard_heap::budget_min
  bool huge_pages = false;
  scrubbing scrub = scrubbing::none;
};

struct heap_layout;

class shard_heap {
 public:
  /// Makes a heap in the arena of `home`, which must be unused or have been destroyed.
  static result<shard_heap*> create(shard_id home, const heap_options& options);

  /// Gives the memory of the arena back to the system. Everything has been freed; `heap` is invalid
  /// afterwards.
  static void destroy(shard_heap* heap);

  /// The heap in the arena of `home`. Another shard may ask it for usable_size(), of memory that it knows to be live.
  static const shard_heap& of(shard_id home) {
    return *reinterpret_cast<const shard_heap*>(the_address_map->arena(home));
  }

  /// `size` bytes, at least 1, aligned to 16. nullptr when the budget is spent.
  void* allocate(size_t size) { return allocate_in(data_, size); }

  /// As allocate(), for records that hold pointers or counts: no view ever shows memory near them.
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

  /// The bytes that the allocation at `pointer` may use, which is the size of its slot or span.
  size_t usable_size(const void* pointer) const;

  /// Gives unused memory back to the system. Returns bytes.
  size_t trim();
  /// Gives memory back that has been unused since the last call. Called about once a second. Returns bytes.
  size_t decay();
  bool idle_memory() const {
    return pages_.resident > pages_.used || data_.cache.pages() > 0 || records_.cache.pages() > 0;
  }

  /// Asks that memory which is touched from now on comes from the node of the processor that this thread is
  /// pinned to. Does nothing where there is only one node.
  void prefer_node_here();

  /// For tests: the n-th allocation from now fails as if the budget were spent, and so do all after it, until
  /// this is called again. 0 turns it off.
  void fail_in(uint64_t allocations) { fail_in_ = allocations; }

  shard_id home() const { return home_; }
  scrubbing scrub() const { return scrub_; }
  size_t budget() const { return pages_.most * page_size; }
  /// Bytes of live slots and spans.
  size_t used() const;
  /// Size of the last request that failed.
  size_t refused() const { return refused_; }
  /// Bytes that stay committed when no object lives: the heap itself.
  size_t committed_floor() const { return bookkeeping_pages_ * page_size; }
  size_t live_objects() const;
  memory_stats stats() const;
  const memory_zone& data() const { return data_; }
  const memory_zone& records() const { return records_; }

  void invariant();

  static constexpr size_t budget_min = 1 * MiB;
  /// The largest budget for which create() can succeed; 0 when the process has no address map.
  static size_t budget_max();
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
