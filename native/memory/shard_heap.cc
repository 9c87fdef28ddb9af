#include "memory/shard_heap.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "memory/os_memory.h"

namespace corebuf {

namespace {

// Bookkeeping, data and records each begin in a region of their own.
constexpr size_t addresses_min = 8 * region_size;

// Bytes that each size class may keep in its magazine, as a share of the budget: enough that work on a few
// hundred objects never reaches a slab. All of it is given back before an allocation fails.
constexpr size_t cached_bytes_min = 64 * KiB;
constexpr size_t cached_bytes_max = 4 * MiB;

size_t cached_bytes(size_t budget) { return std::clamp(budget / 256, cached_bytes_min, cached_bytes_max); }

constexpr unsigned order_for(size_t size) { return log2_ceil(align_up(size, page_size) / page_size); }

/// An arena has four times the budget in addresses, so that a heap can be badly fragmented and still find a
/// span. Addresses cost nothing; the budget limits memory.
size_t pages_for(size_t budget, size_t arena_size) {
  const size_t wanted = std::max(std::bit_ceil(std::min(budget, arena_size)) * 4, addresses_min);
  return std::min(wanted, arena_size) / page_size;
}

}  // namespace

/// Layout of the arena, as offsets from its beginning. Data begin in a region of their own, so that no view
/// ever shows the bookkeeping. So do records, which have a quarter of all addresses.
struct heap_layout {
  explicit heap_layout(size_t page_count)
      : pages(page_count),
        table(align_up(sizeof(shard_heap), page_size)),
        slots(table + align_up(page_count * sizeof(page), page_size)),
        resident(slots + align_up(page_count * slot_words_per_page * sizeof(uint64_t), page_size)),
        end(resident + align_up(page_set::bytes_for(page_count), page_size)),
        data(align_up(end, region_size)),
        records(align_up(page_count * page_size / 4 * 3, region_size)) {}

  page_number page_at(size_t offset) const { return static_cast<page_number>(offset / page_size); }

  size_t pages;
  size_t table;
  size_t slots;
  size_t resident;
  size_t end;
  size_t data;
  size_t records;
};

size_t shard_heap::budget_max() {
  const auto map = address_map::get();
  if (!map) return 0;
  const heap_layout at(map.value()->arena_size() / page_size);
  return at.records - std::min(at.data, at.records);
}

result<shard_heap*> shard_heap::create(shard_id home, const heap_options& options) {
  const auto map = address_map::get();
  if (!map) return map.failure();
  std::byte* arena = map.value()->arena(home);
  const heap_layout at(pages_for(options.budget, map.value()->arena_size()));
  if (options.budget < budget_min || options.budget > at.records - std::min(at.data, at.records)) return error_code::out_of_memory;
  if (!os_memory::commit(arena, at.end)) return error_code::out_of_memory;

  const page_table table(arena, reinterpret_cast<page*>(arena + at.table), reinterpret_cast<uint64_t*>(arena + at.slots),
                         at.pages);
  const page_set resident(reinterpret_cast<uint64_t*>(arena + at.resident));
  return new (arena) shard_heap(home, table, resident, at, options);
}

void shard_heap::destroy(shard_heap* heap) {
  ASSERT(heap->live_objects() == 0);
  std::byte* arena = the_address_map->arena(heap->home_);
  const heap_layout at(heap->table_.pages());
  heap->trim();
  if (heap->on_node_) os_memory::prefer_node(arena, at.pages * page_size, os_memory::any_node);
  heap->~shard_heap();
  // The next heap in this arena expects zeros.
  if (!os_memory::purge(arena, at.data)) std::memset(arena, 0, at.end);
}

shard_heap::shard_heap(shard_id home, page_table table, page_set resident, const heap_layout& at,
                       const heap_options& options)
    : table_(table),
      pages_(options.budget / page_size),
      records_first_(at.page_at(at.records)),
      home_(home),
      scrub_(options.scrub),
      bookkeeping_pages_(align_up(sizeof(shard_heap), page_size) / page_size),
      data_(table, resident, at.page_at(at.data), records_first_, pages_, options.huge_pages, cached_bytes(options.budget)),
      records_(table, resident, records_first_, static_cast<page_number>(at.pages), pages_, options.huge_pages,
               cached_bytes(options.budget)) {}

void shard_heap::prefer_node_here() {
  const int node = os_memory::node_here();
  if (node == os_memory::any_node) return;
  on_node_ = os_memory::prefer_node(the_address_map->arena(home_), table_.pages() * page_size, node);
}

void* shard_heap::allocate_aligned(size_t size, size_t alignment) {
  ASSERT_HOME(home_);
  DEBUG_ASSERT(size > 0);
  ASSERT(is_power_of_two(alignment) && alignment <= alignment_max);
  if (alignment <= slot_granularity) return allocate(size);
  if (size <= slot_size_max && fail_in_ == 0) {
    void* slot = try_allocate(data_, size, alignment);
    if (__builtin_expect(slot != nullptr, 1)) return slot;
  }
  return allocate_slow(data_, size, alignment);
}

void* shard_heap::allocate_slow(memory_zone& zone, size_t size, size_t alignment) {
  if (must_fail()) return refuse(size);
  void* memory = try_allocate(zone, size, alignment);
  return __builtin_expect(memory != nullptr, 1) ? memory : allocate_reclaiming(zone, size, alignment);
}

/// Tries again after trim(), because cached slots may keep whole slabs, and the other zone may keep unused
/// memory.
void* shard_heap::allocate_reclaiming(memory_zone& zone, size_t size, size_t alignment) {
  trim();
  void* memory = try_allocate(zone, size, alignment);
  return memory != nullptr ? memory : refuse(size);
}

void* shard_heap::refuse(size_t size) {
  ++failures_;
  refused_ = size;
  return nullptr;
}

/// True for allocations that fail because a test has asked for it.
bool shard_heap::must_fail() {
  if (fail_in_ == 0) return false;
  if (fail_in_ == 1) return true;
  --fail_in_;
  return false;
}

void* shard_heap::try_allocate(memory_zone& zone, size_t size, size_t alignment) {
  if (size > the_address_map->arena_size()) return nullptr;
  const size_t padded = align_up(size, alignment);
  if (padded <= slot_size_max) {
    size_t size_class = size_class_of(padded);
    while (slot_alignment(slot_sizes[size_class]) < alignment) ++size_class;  // at most to a power of two
    void* slot = zone.pools[size_class].allocate();
    // There may be room for this one where there is none for a slab of several.
    return slot != nullptr || padded < page_size ? slot : allocate_span(zone, padded);
  }
  ++large_requests_;
  return allocate_span(zone, padded);
}

/// A span is aligned to its own size, and so to every power of two up to it.
void* shard_heap::allocate_span(memory_zone& zone, size_t size) {
  const unsigned order = order_for(size);
  const page_number first = zone.cache.allocate(order);
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
  zone_of(first).cache.free(first);
}

size_t shard_heap::usable_size(const void* pointer) const {
  const page& found = table_[table_.number_of(pointer)];
  return found.kind == page_kind::slab ? pool_of(found).slot_size() : page_size << found.order;
}

size_t shard_heap::trim() {
  ASSERT_HOME(home_);
  data_.spill();
  records_.spill();
  return data_.spans.purge() + records_.spans.purge();
}

size_t shard_heap::decay() {
  ASSERT_HOME(home_);
  data_.cache.clear();
  records_.cache.clear();
  return data_.spans.decay() + records_.spans.decay();
}

size_t shard_heap::live_objects() const { return large_live_ + data_.slots_live() + records_.slots_live(); }

size_t shard_heap::used() const { return large_pages_ * page_size + data_.bytes_live() + records_.bytes_live(); }

memory_stats shard_heap::stats() const {
  memory_stats stats;
  stats.budget = budget();
  stats.committed = pages_.resident * page_size + committed_floor();
  stats.used = used();
  stats.live_objects = live_objects();
  stats.allocations = large_allocations_;
  stats.failures = failures_;
  stats.large_requests = large_requests_;
  for (const memory_zone* zone : {&data_, &records_}) {
    for (const slab_pool& pool : zone->pools) stats.allocations += pool.allocations();
  }
  stats.free = stats.budget - std::min(stats.budget, stats.used);
  stats.frees = stats.allocations - stats.live_objects;
  return stats;
}

void shard_heap::invariant() {
  size_t pages = large_pages_;
  for (const memory_zone* zone : {&data_, &records_}) {
    zone->invariant();
    for (const slab_pool& pool : zone->pools) pages += pool.pages();
    pages += zone->cache.pages();
  }
  ASSERT(pages == pages_.used);
  ASSERT(pages_.used == data_.spans.pages_used() + records_.spans.pages_used());
  ASSERT(pages_.resident == data_.spans.pages_resident() + records_.spans.pages_resident());
}

}  // namespace corebuf
