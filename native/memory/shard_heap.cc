#include "memory/shard_heap.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "memory/os_memory.h"

namespace corebuf {

namespace {

// What each size class may keep idle in front of its slabs, a share of the budget: enough that work on some hundred
// objects never reaches a slab. All of it is given up before an allocation fails.
constexpr size_t cached_bytes_min = 64 * KiB;
constexpr size_t cached_bytes_max = 4 * MiB;

constexpr unsigned order_for(size_t size) { return log2_ceil(align_up(size, page_size) / page_size); }

/// The arena is address space, the budget is memory: with four times the budget in addresses a heap can be badly
/// fragmented and still find a span.
size_t pages_for(size_t budget, size_t arena_size) {
  return std::min(std::bit_ceil(std::min(budget, arena_size)) * 4, arena_size) / page_size;
}

/// Where things lie in the arena, as offsets from its beginning. What is handed out begins in a window of its own, so that
/// no view of memory ever shows the bookkeeping.
struct layout {
  explicit layout(size_t page_count)
      : pages(page_count),
        records(align_up(sizeof(shard_heap), page_size)),
        slots(records + align_up(page_count * sizeof(page), page_size)),
        resident(slots + align_up(page_count * slot_words_per_page * sizeof(uint64_t), page_size)),
        end(resident + align_up(page_set::bytes_for(page_count), page_size)),
        first(align_up(end, window_size)) {}

  size_t pages;
  size_t records;
  size_t slots;
  size_t resident;
  size_t end;
  size_t first;
};

}  // namespace

result<shard_heap*> shard_heap::create(shard_id home, const heap_options& options) {
  const auto map = address_map::get();
  if (!map) return map.failure();
  std::byte* arena = map.value()->arena(home);
  const layout at(pages_for(options.budget, map.value()->arena_size()));
  if (at.first + budget_min > at.pages * page_size) return error_code::out_of_memory;
  if (!os_memory::commit(arena, at.end)) return error_code::out_of_memory;

  const page_table table(arena, reinterpret_cast<page*>(arena + at.records), reinterpret_cast<uint64_t*>(arena + at.slots),
                         at.pages);
  const page_set resident(reinterpret_cast<uint64_t*>(arena + at.resident));
  const size_t usable = at.pages * page_size - at.first;
  const auto first = static_cast<page_number>(at.first / page_size);
  heap_options fitting = options;
  fitting.budget = std::min(options.budget, usable);
  return new (arena) shard_heap(home, table, resident, first, fitting);
}

void shard_heap::destroy(shard_heap* heap) {
  ASSERT(heap->live_objects() == 0);
  std::byte* arena = the_address_map->arena(heap->home_);
  const layout at(heap->table_.pages());
  heap->trim();
  heap->~shard_heap();
  // The next heap here expects zeros.
  if (!os_memory::purge(arena, at.first)) std::memset(arena, 0, at.end);
}

shard_heap::shard_heap(shard_id home, page_table table, page_set resident, page_number first,
                       const heap_options& options)
    : table_(table),
      spans_(table, resident, first, options.budget / page_size, options.huge_pages),
      cache_(spans_, table),
      home_(home),
      scrub_(options.scrub),
      bookkeeping_pages_(align_up(sizeof(shard_heap), page_size) / page_size) {
  const size_t cached_bytes = std::clamp(options.budget / 256, cached_bytes_min, cached_bytes_max);
  for (size_t size_class = 0; size_class < size_classes; ++size_class) {
    pools_[size_class].init(static_cast<uint8_t>(size_class), cached_bytes);
  }
}

void* shard_heap::allocate_aligned(size_t size, size_t alignment) {
  ASSERT_HOME(home_);
  DEBUG_ASSERT(size > 0);
  ASSERT(is_power_of_two(alignment) && alignment <= alignment_max);
  if (alignment <= slot_granularity) return allocate(size);
  if (size <= slot_size_max && fail_in_ == 0) {
    void* slot = try_allocate(size, alignment);
    if (__builtin_expect(slot != nullptr, 1)) return slot;
  }
  return allocate_slow(size, alignment);
}

void* shard_heap::allocate_slow(size_t size, size_t alignment) {
  if (must_fail()) return refuse(size);
  void* memory = try_allocate(size, alignment);
  return __builtin_expect(memory != nullptr, 1) ? memory : allocate_reclaiming(size, alignment);
}

/// Free slots may hold slabs that are free as a whole.
void* shard_heap::allocate_reclaiming(size_t size, size_t alignment) {
  spill_all();
  void* memory = try_allocate(size, alignment);
  return memory != nullptr ? memory : refuse(size);
}

void* shard_heap::refuse(size_t size) {
  ++failures_;
  refused_ = size;
  return nullptr;
}

/// Counts down to the failure that a test has asked for.
bool shard_heap::must_fail() {
  if (fail_in_ == 0) return false;
  if (fail_in_ == 1) return true;
  --fail_in_;
  return false;
}

void* shard_heap::try_allocate(size_t size, size_t alignment) {
  if (size > the_address_map->arena_size()) return nullptr;
  const size_t padded = align_up(size, alignment);
  if (padded <= slot_size_max) {
    size_t size_class = size_class_of(padded);
    while (slot_alignment(slot_sizes[size_class]) < alignment) ++size_class;  // A power of two ends the search.
    return pools_[size_class].allocate(cache_, table_);
  }
  return allocate_span(padded);
}

/// A span is aligned to its own size, and so to anything that divides it.
void* shard_heap::allocate_span(size_t size) {
  const unsigned order = order_for(size);
  ++large_requests_;
  const page_number first = cache_.allocate(order);
  if (first == no_page) return nullptr;
  table_[first].kind = page_kind::large;
  ++large_live_;
  ++large_allocations_;
  large_pages_ += size_t{1} << order;
  return table_.address(first);
}

void shard_heap::free_large(void* pointer) {
  const page_number first = table_.number_of(pointer);
  ASSERT(table_[first].kind == page_kind::large && table_.address(first) == pointer);
  --large_live_;
  large_pages_ -= size_t{1} << table_[first].order;
  cache_.free(first);
}

size_t shard_heap::usable_size(const void* pointer) const {
  const page& found = table_[table_.number_of(pointer)];
  return found.kind == page_kind::slab ? slot_sizes[found.size_class] : page_size << found.order;
}

size_t shard_heap::trim() {
  ASSERT_HOME(home_);
  spill_all();
  return spans_.purge();
}

size_t shard_heap::decay() {
  ASSERT_HOME(home_);
  cache_.clear();
  return spans_.decay();
}

void shard_heap::spill_all() {
  for (slab_pool& pool : pools_) pool.spill(cache_, table_, 0);
  cache_.clear();
}

size_t shard_heap::live_objects() const {
  size_t live = large_live_;
  for (const slab_pool& pool : pools_) live += pool.slots_live();
  return live;
}

size_t shard_heap::used() const {
  size_t used = large_pages_ * page_size;
  for (const slab_pool& pool : pools_) used += pool.slots_live() * pool.slot_size();
  return used;
}

memory_stats shard_heap::stats() const {
  memory_stats stats;
  stats.budget = budget();
  stats.committed = spans_.pages_resident() * page_size + committed_floor();
  stats.used = used();
  stats.live_objects = live_objects();
  stats.allocations = large_allocations_;
  stats.failures = failures_;
  stats.large_requests = large_requests_;
  for (const slab_pool& pool : pools_) stats.allocations += pool.allocations();
  stats.free = stats.budget - std::min(stats.budget, stats.used);
  stats.frees = stats.allocations - stats.live_objects;
  return stats;
}

void shard_heap::invariant() {
  spans_.invariant();
  cache_.invariant();
  size_t slab_pages = 0;
  for (const slab_pool& pool : pools_) {
    pool.invariant(table_);
    slab_pages += pool.slabs() << slab_order(size_class_of(pool.slot_size()));
  }
  ASSERT(slab_pages + large_pages_ + cache_.pages() == spans_.pages_used());
}

}  // namespace corebuf
