// One part of a shard's arena, with the slabs and spans in it. A heap has two zones: views show the data
// zone, and no view shows the record zone. So code that writes through the whole ArrayBuffer of a view can
// destroy data, but no pointer or count of this package.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "memory/page_table.h"
#include "memory/slab_pool.h"
#include "memory/span_allocator.h"
#include "memory/span_cache.h"

namespace corebuf {

struct memory_zone {
  span_allocator spans;
  span_cache cache;
  std::array<slab_pool, size_classes> pools;

  /// Manages the pages from `first` to `end`. Each pool may keep `cached_bytes` of free slots ready.
  memory_zone(page_table table, page_set resident, page_number first, page_number end, page_budget& budget,
              bool huge_pages, size_t cached_bytes)
      : spans(table, resident, first, end, budget, huge_pages),
        cache(spans, table),
        pools(make_pools(cache, table, cached_bytes, std::make_index_sequence<size_classes>())) {}

  memory_zone(const memory_zone&) = delete;
  memory_zone& operator=(const memory_zone&) = delete;

  size_t slots_live() const;
  size_t bytes_live() const;  // of live slots
  /// Returns all cached slots and spans to the span allocator.
  void spill();

  void invariant() const;

 private:
  template <size_t... Class>
  static std::array<slab_pool, size_classes> make_pools(span_cache& cache, page_table table, size_t cached_bytes,
                                                        std::index_sequence<Class...>) {
    return {slab_pool(cache, table, Class, cached_bytes)...};
  }
};

}  // namespace corebuf
