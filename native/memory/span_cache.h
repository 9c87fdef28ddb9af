// Spans of up to 1 MiB that were just given back, in front of the span allocator: splitting and merging a
// span each time would cost ten times as much as handing out the same one again.
#pragma once

#include <array>
#include <cstddef>

#include "memory/magazine.h"
#include "memory/page_table.h"
#include "memory/span_allocator.h"

namespace corebuf {

class span_cache {
 public:
  span_cache(span_allocator& spans, page_table table);

  page_number allocate(unsigned order) {
    if (__builtin_expect(order < orders && !free_[order].empty(), 1)) {
      pages_ -= size_t{1} << order;
      return free_[order].pop();
    }
    return spans_.allocate(order);
  }

  void free(page_number first) {
    const unsigned order = table_[first].order;
    if (__builtin_expect(order >= orders, 0)) return spans_.free(first);
    if (__builtin_expect(free_[order].full(), 0)) spill(order, free_[order].limit() / 2);
    table_[first].kind = page_kind::cached;
    free_[order].push(first);
    pages_ += size_t{1} << order;
  }

  /// Returns every cached span to the span allocator.
  void clear();

  /// Pages of cached spans, which the span allocator counts as used.
  size_t pages() const { return pages_; }

  void invariant() const;

 private:
  static constexpr unsigned orders = 9;  // spans up to 1 MiB
  static constexpr size_t spans_max = 32;
  static constexpr size_t bytes_max = 4 * MiB;  // per order

  void spill(unsigned order, size_t keep);

  span_allocator& spans_;
  page_table table_;
  size_t pages_ = 0;
  std::array<magazine<page_number, spans_max>, orders> free_;
};

}  // namespace corebuf
