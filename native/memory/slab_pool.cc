#include "memory/slab_pool.h"

#include <algorithm>

namespace corebuf {

namespace {

// What a pool may keep in front: enough that work on a few hundred objects never reaches a slab, and at most
// 256 KiB of idle memory in the largest class.
constexpr size_t cached_bytes_max = 256 * KiB;
constexpr size_t cached_slots_min = 16;
constexpr size_t cached_slots_max = 1024;

constexpr uint32_t cached_limit(size_t slot_size) {
  return static_cast<uint32_t>(std::clamp(cached_bytes_max / slot_size, cached_slots_min, cached_slots_max));
}

bool has_slot(const page& slab) { return slab.slots_free > 0 || slab.carved < slab_slots(slab.size_class); }

page_number slab_of(page_table& table, const void* pointer) {
  const page_number number = table.number_of(pointer);
  return static_cast<page_number>(align_down(number, size_t{1} << slab_order(table[number].size_class)));
}

}  // namespace

void slab_pool::init(uint8_t size_class) {
  size_class_ = size_class;
  cached_max_ = cached_limit(slot_size());
}

void* slab_pool::allocate_slow(span_allocator& spans, page_table& table) {
  if (partial_.empty() && !add_slab(spans, table)) return nullptr;
  refill(table);
  return allocate(spans, table);
}

bool slab_pool::add_slab(span_allocator& spans, page_table& table) {
  const unsigned order = slab_order(size_class_);
  const page_number first = spans.allocate(order);
  if (first == no_page) return false;
  for (page_number number = first; number < first + (page_number{1} << order); ++number) {
    table[number].kind = page_kind::slab;
    table[number].size_class = size_class_;
  }
  table[first].carved = 0;
  table[first].slots_free = 0;
  table[first].free = nullptr;
  partial_.push(table, first);
  ++slabs_;
  return true;
}

void slab_pool::refill(page_table& table) {
  const page_number first = partial_.front();
  page& slab = table[first];
  size_t wanted = std::max<size_t>(cached_max_ / 4, 1);
  for (; wanted > 0 && slab.slots_free > 0; --wanted) {
    slot* given = slab.free;
    slab.free = given->next;
    --slab.slots_free;
    given->next = cache_;
    cache_ = given;
    ++slots_cached_;
    ++slots_out_;
  }
  // Slots that were never touched stay so until they are needed: their pages may have no memory yet.
  const size_t total = slab_slots(size_class_);
  for (; wanted > 0 && slab.carved < total; --wanted) {
    slot* given = reinterpret_cast<slot*>(table.address(first) + slab.carved++ * slot_size());
    given->next = cache_;
    cache_ = given;
    ++slots_cached_;
    ++slots_out_;
  }
  if (!has_slot(slab)) partial_.remove(table, first);
}

void slab_pool::spill(span_allocator& spans, page_table& table, size_t keep) {
  while (slots_cached_ > keep) {
    slot* returned = cache_;
    cache_ = returned->next;
    --slots_cached_;
    --slots_out_;

    const page_number first = slab_of(table, returned);
    page& slab = table[first];
    if (!has_slot(slab)) partial_.push(table, first);
    returned->next = slab.free;
    slab.free = returned;
    if (++slab.slots_free < slab.carved) continue;

    partial_.remove(table, first);
    const page_number end = first + (page_number{1} << slab_order(size_class_));
    for (page_number number = first; number < end; ++number) table[number].kind = page_kind::unknown;
    spans.free(first);
    --slabs_;
  }
}

void slab_pool::invariant(page_table& table) const {
  size_t cached = 0;
  for (const slot* at = cache_; at != nullptr; at = at->next) {
    ASSERT(table[table.number_of(at)].kind == page_kind::slab);
    ASSERT(table[table.number_of(at)].size_class == size_class_);
    ++cached;
  }
  ASSERT(cached == slots_cached_);
  ASSERT(slots_cached_ <= slots_out_);

  size_t in_slabs = 0;
  for (page_number number = partial_.front(); number != no_page; number = table[number].next) {
    const page& slab = table[number];
    ASSERT(has_slot(slab));
    size_t free = 0;
    for (const slot* at = slab.free; at != nullptr; at = at->next) ++free;
    ASSERT(free == slab.slots_free);
    in_slabs += free + slab_slots(size_class_) - slab.carved;
  }
  ASSERT(slabs_ * slab_slots(size_class_) == slots_out_ + in_slabs);
}

}  // namespace corebuf
