#include "memory/span_allocator.h"

#include <algorithm>

#include "memory/address_map.h"
#include "memory/os_memory.h"

namespace corebuf {

namespace {

// Memory is committed with one mprotect per step; the page tables behind it are made by the kernel when pages
// are touched.
constexpr size_t commit_step_pages = 16 * MiB / page_size;

static_assert(commit_step_pages * page_size % region_size == 0, "a region is accessible as a whole");

constexpr size_t pages_in(unsigned order) { return size_t{1} << order; }

}  // namespace

span_allocator::span_allocator(page_table table, page_set resident, page_number first, page_number end,
                               page_budget& budget, bool huge_pages)
    : table_(table),
      resident_(resident),
      first_page_(first),
      end_page_(end),
      budget_(budget),
      huge_pages_(huge_pages),
      accessible_end_(first) {
  // Frees the largest naturally aligned spans that fit, from front to back.
  size_t at = first;
  while (at < end_page_) {
    unsigned order = static_cast<unsigned>(std::countr_zero(at));
    order = std::min(order, orders - 1);
    while (at + pages_in(order) > end_page_) --order;
    insert_free(static_cast<page_number>(at), order);
    at += pages_in(order);
  }
}

page_number span_allocator::allocate(unsigned order) {
  const size_t wanted = pages_in(order);
  if (order >= orders || budget_.used + wanted > budget_.most) return no_page;
  const uint32_t fitting = orders_free_ >> order << order;
  if (fitting == 0) return no_page;

  unsigned found = static_cast<unsigned>(std::countr_zero(fitting));
  const page_number first = free_[found].front();
  if (!make_accessible(first, wanted)) return no_page;
  // Unused memory elsewhere is given back first, so that the shard stays within its budget.
  if (budget_.resident + wanted > budget_.most) {
    const size_t missing = wanted - resident_.count(first, wanted);
    if (budget_.resident + missing > budget_.most) purge();
    // The system, or another zone, may keep its memory: then this allocation fails.
    if (budget_.resident + wanted - resident_.count(first, wanted) > budget_.most) return no_page;
  }

  remove_free(first);
  while (found > order) {
    --found;
    insert_free(first + static_cast<page_number>(pages_in(found)), found);
  }
  table_[first].order = static_cast<uint8_t>(order);
  const size_t added = resident_.add(first, wanted);
  pages_used_ += wanted;
  pages_resident_ += added;
  budget_.used += wanted;
  budget_.resident += added;
  pages_idle_least_ = std::min(pages_idle_least_, pages_idle());
  return first;
}

void span_allocator::free(page_number first) {
  unsigned order = table_[first].order;
  pages_used_ -= pages_in(order);
  budget_.used -= pages_in(order);
  table_[first].kind = page_kind::unknown;
  while (order + 1 < orders) {
    const page_number buddy = first ^ static_cast<page_number>(pages_in(order));
    if (buddy < first_page_ || buddy + pages_in(order) > end_page_) break;
    if (table_[buddy].kind != page_kind::free || table_[buddy].order != order) break;
    remove_free(buddy);
    first = std::min(first, buddy);
    ++order;
  }
  insert_free(first, order);
}

size_t span_allocator::purge(size_t pages_most) {
  size_t purged = 0;
  for (unsigned order = orders; order-- > 0;) {
    for (page_number span = free_[order].front(); span != no_page && purged < pages_most; span = table_[span].next) {
      purged += purge_span(span);
    }
  }
  pages_resident_ -= purged;
  budget_.resident -= purged;
  pages_idle_least_ = std::min(pages_idle_least_, pages_idle());
  return purged * page_size;
}

/// Returns how many of the pages had memory.
size_t span_allocator::purge_span(page_number span) {
  if (span >= accessible_end_) return 0;
  const size_t count = std::min<size_t>(pages_in(table_[span].order), accessible_end_ - span);
  if (resident_.count(span, count) == 0) return 0;
  if (!os_memory::purge(table_.address(span), count * page_size)) return 0;
  return resident_.remove(span, count);
}

size_t span_allocator::decay() {
  const size_t purged = pages_idle_least_ == 0 ? 0 : purge(pages_idle_least_);
  pages_idle_least_ = pages_idle();
  return purged;
}

bool span_allocator::make_accessible(page_number first, size_t count) {
  const size_t end = first + count;
  if (end <= accessible_end_) return true;
  const size_t wanted = std::min<size_t>(align_up(end, commit_step_pages), end_page_);
  const size_t bytes = (wanted - accessible_end_) * page_size;
  if (!os_memory::commit(table_.address(accessible_end_), bytes)) return false;
  if (huge_pages_) os_memory::prefer_huge_pages(table_.address(accessible_end_), bytes);
  accessible_end_ = static_cast<page_number>(wanted);
  return true;
}

void span_allocator::insert_free(page_number first, unsigned order) {
  table_[first].kind = page_kind::free;
  table_[first].order = static_cast<uint8_t>(order);
  free_[order].push(table_, first);
  orders_free_ |= uint32_t{1} << order;
}

void span_allocator::remove_free(page_number first) {
  const unsigned order = table_[first].order;
  table_[first].kind = page_kind::unknown;
  free_[order].remove(table_, first);
  if (free_[order].empty()) orders_free_ &= ~(uint32_t{1} << order);
}

void span_allocator::invariant() const {
  size_t free = 0;
  size_t resident_free = 0;
  for (unsigned order = 0; order < orders; ++order) {
    ASSERT(free_[order].empty() == ((orders_free_ >> order & 1) == 0));
    page_number previous = no_page;
    for (page_number span = free_[order].front(); span != no_page; span = table_[span].next) {
      ASSERT(table_[span].kind == page_kind::free && table_[span].order == order);
      ASSERT(table_[span].previous == previous);
      ASSERT(is_aligned(span, pages_in(order)));
      free += pages_in(order);
      if (span < accessible_end_) {
        resident_free += resident_.count(span, std::min<size_t>(pages_in(order), accessible_end_ - span));
      }
      previous = span;
    }
  }
  ASSERT(first_page_ + pages_used_ + free == end_page_);
  ASSERT(pages_used_ + resident_free == pages_resident_);
  ASSERT(pages_used_ <= budget_.used && budget_.used <= budget_.most);
  ASSERT(pages_resident_ <= budget_.resident && budget_.resident <= budget_.most);
}

}  // namespace corebuf
