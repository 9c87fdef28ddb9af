#include "memory/slab_pool.h"

#include <algorithm>
#include <bit>

namespace corebuf {

namespace {

constexpr size_t word_bits = 64;

constexpr size_t words_of(size_t slots) { return (slots + word_bits - 1) / word_bits; }

}  // namespace

slab_pool::slab_pool(span_cache& spans, page_table table, size_t size_class, size_t cached_bytes)
    : spans_(spans),
      table_(table),
      reciprocal_(static_cast<uint32_t>(((uint64_t{1} << 32) + slot_sizes[size_class] - 1) / slot_sizes[size_class])),
      size_class_(static_cast<uint8_t>(size_class)) {
  free_.limit(std::max(cached_bytes / slot_size(), cached_slots_min));
}

bool slab_pool::refill() {
  if (partial_.empty() && !add_slab()) return false;
  const size_t given = take_slots(partial_.front(), free_.room(step()));
  free_.grow(given);
  slots_out_ += given;
  return true;
}

/// Marks the pages in which slots begin, because only those can be freed. For large slots this is a few pages
/// in a hundred.
template <typename Visit>
void slab_pool::each_page_of_slots(page_number first, Visit visit) const {
  const size_t step = std::max(slot_size(), page_size);
  const size_t end = slab_slots(size_class_) * slot_size();
  for (size_t at = 0; at < end; at += step) visit(first + static_cast<page_number>(at >> page_shift));
}

bool slab_pool::add_slab() {
  const page_number first = spans_.allocate(slab_order(size_class_));
  if (first == no_page) return false;
  const size_t slots = slab_slots(size_class_);
  each_page_of_slots(first, [&](page_number number) {
    table_[number].kind = page_kind::slab;
    table_[number].pool = table_.offset_of(this);
  });
  table_[first].slots_free = static_cast<uint16_t>(slots);
  uint64_t* bits = table_.slot_bits(first);
  std::fill_n(bits, words_of(slots), ~uint64_t{0});
  if (slots % word_bits != 0) bits[slots / word_bits] = (uint64_t{1} << slots % word_bits) - 1;
  partial_.push(table_, first);
  ++slabs_;
  return true;
}

/// Takes the lowest free slots, the lowest last so that it is used first: untouched pages stay untouched
/// until they are needed.
size_t slab_pool::take_slots(page_number first, std::span<void*> into) {
  page& slab = table_[first];
  const size_t given = std::min<size_t>(into.size(), slab.slots_free);
  uint64_t* bits = table_.slot_bits(first);
  std::byte* slots = table_.address(first);
  size_t left = given;
  for (size_t word = 0; left > 0; ++word) {
    for (; bits[word] != 0 && left > 0; bits[word] &= bits[word] - 1) {
      const size_t slot = word * word_bits + static_cast<size_t>(std::countr_zero(bits[word]));
      into[--left] = slots + slot * slot_size();
    }
  }
  slab.slots_free = static_cast<uint16_t>(slab.slots_free - given);
  if (slab.slots_free == 0) partial_.remove(table_, first);
  return given;
}

void slab_pool::spill(size_t keep) {
  if (free_.size() <= keep) return;
  const size_t count = free_.size() - keep;
  put_slots(free_.oldest(count));
  free_.drop_oldest(count);
  slots_out_ -= count;
}

/// Slots that were freed together often lie together, so a slab is looked up once per run of its slots.
void slab_pool::put_slots(std::span<void* const> slots) {
  const size_t slab_size = page_size << slab_order(size_class_);
  const size_t slots_in_slab = slab_slots(size_class_);
  page_number first = no_page;
  uintptr_t start = 0;
  for (void* const pointer : slots) {
    if (first == no_page || address_of(pointer) - start >= slab_size) {
      first = static_cast<page_number>(align_down(table_.number_of(pointer), slab_size / page_size));
      start = address_of(table_.address(first));
    }
    const size_t slot = (address_of(pointer) - start) * reciprocal_ >> 32;
    uint64_t& word = table_.slot_bits(first)[slot / word_bits];
    const uint64_t bit = uint64_t{1} << slot % word_bits;
    ASSERT((word & bit) == 0);
    word |= bit;

    page& slab = table_[first];
    if (slab.slots_free++ == 0) partial_.push(table_, first);
    if (slab.slots_free < slots_in_slab) continue;
    give_up(first);
    first = no_page;
  }
}

void slab_pool::give_up(page_number first) {
  partial_.remove(table_, first);
  each_page_of_slots(first, [&](page_number number) { table_[number].kind = page_kind::unknown; });
  spans_.free(first);
  --slabs_;
}

void slab_pool::invariant() const {
  for (void* slot : free_.all()) {
    const page& record = table_[table_.number_of(slot)];
    ASSERT(record.kind == page_kind::slab && record.pool == table_.offset_of(this));
  }
  ASSERT(free_.size() <= slots_out_);
  size_t in_slabs = 0;
  for (page_number number = partial_.front(); number != no_page; number = table_[number].next) {
    size_t free = 0;
    const uint64_t* bits = table_.slot_bits(number);
    for (size_t word = 0; word < words_of(slab_slots(size_class_)); ++word) free += static_cast<size_t>(std::popcount(bits[word]));
    ASSERT(free > 0 && free == table_[number].slots_free);
    in_slabs += free;
  }
  ASSERT(slabs_ * slab_slots(size_class_) == slots_out_ + in_slabs);
}

}  // namespace corebuf
