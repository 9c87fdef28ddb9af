#include "memory/span_cache.h"

namespace corebuf {

span_cache::span_cache(span_allocator& spans, page_table table) : spans_(spans), table_(table) {
  for (unsigned order = 0; order < orders; ++order) free_[order].limit(bytes_max / (page_size << order));
}

void span_cache::clear() {
  for (unsigned order = 0; order < orders; ++order) spill(order, 0);
}

void span_cache::spill(unsigned order, size_t keep) {
  if (free_[order].size() <= keep) return;
  const size_t count = free_[order].size() - keep;
  for (const page_number first : free_[order].oldest(count)) spans_.free(first);
  free_[order].drop_oldest(count);
  pages_ -= count << order;
}

void span_cache::invariant() const {
  size_t pages = 0;
  for (unsigned order = 0; order < orders; ++order) {
    for (const page_number first : free_[order].all()) {
      ASSERT(table_[first].kind == page_kind::cached && table_[first].order == order);
      pages += size_t{1} << order;
    }
  }
  ASSERT(pages == pages_);
}

}  // namespace corebuf
