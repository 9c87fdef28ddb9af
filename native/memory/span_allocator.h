// Hands out runs of pages by the buddy method: every span is a power of two long and naturally aligned, and
// two free halves of one span always merge. Belongs to one shard. Memory is committed in steps as spans first
// reach it; pages of free spans keep their memory until purge() gives it back. A shard has one allocator for
// each zone of its arena, and one budget for all of them.
#pragma once

#include <array>
#include <cstddef>

#include "memory/page_budget.h"
#include "memory/page_set.h"
#include "memory/page_table.h"

namespace corebuf {

class span_allocator {
 public:
  /// Pages from `first` to `end` are free; `resident` and the table are zeroed memory.
  span_allocator(page_table table, page_set resident, page_number first, page_number end, page_budget& budget,
                 bool huge_pages);

  span_allocator(const span_allocator&) = delete;
  span_allocator& operator=(const span_allocator&) = delete;

  /// A span of 2^order pages; no_page when the budget or the arena is spent. The caller sets the kind in its
  /// record.
  page_number allocate(unsigned order);
  void free(page_number first);

  /// Gives the memory behind free spans back to the system, large spans first, until `pages_most` have gone;
  /// returns bytes.
  size_t purge(size_t pages_most = SIZE_MAX);

  /// Gives back memory that has been idle ever since the last call. Called at intervals: memory that the load
  /// needs now and then stays, and memory that was not needed for an interval is given back.
  size_t decay();

  size_t pages_idle() const { return pages_resident_ - pages_used_; }

  size_t pages_used() const { return pages_used_; }
  size_t pages_resident() const { return pages_resident_; }
  void invariant() const;

  static constexpr unsigned orders = 26;  // spans up to 128 GiB

 private:
  bool make_accessible(page_number first, size_t count);
  void insert_free(page_number first, unsigned order);
  void remove_free(page_number first);
  size_t purge_span(page_number span);

  page_table table_;
  page_set resident_;
  const page_number first_page_;
  const page_number end_page_;
  page_budget& budget_;
  const bool huge_pages_;
  page_number accessible_end_;  // pages below it are committed
  size_t pages_used_ = 0;
  size_t pages_resident_ = 0;
  size_t pages_idle_least_ = 0;  // lowest number since the last decay()
  uint32_t orders_free_ = 0;  // a bit for each order that has a free span
  std::array<page_list, orders> free_;
};

}  // namespace corebuf
