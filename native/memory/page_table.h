// The current use of each page of an arena: one small record per page, at the beginning of the arena. Records
// are zero until they are first used, and the kernel commits no memory behind untouched records.
//
//   arena │ shard_heap │ page records │ slot bits │ resident bits │ page │ page │ page │ … │ page │ page │ …
//           └──────────────── bookkeeping ─────────────────────┘  └ data zone ─────────┘ └ record zone ┘
#pragma once

#include <cstddef>
#include <cstdint>

#include "memory/size_class.h"

namespace corebuf {

using page_number = uint32_t;
inline constexpr page_number no_page = 0xffffffff;

enum class page_kind : uint8_t {
  unknown,   // inside a span, and not its first page
  free,      // first page of a free span
  slab,      // any page of a slab in which a slot begins
  large,     // first page of a span that is one allocation
  cached,    // first page of a span in the span cache
};

struct page {
  page_kind kind = page_kind::unknown;
  uint8_t order = 0;           // first page of a span: its size is 2^order pages
  uint16_t slots_free = 0;     // first page of a slab: slots that lie in it free
  uint32_t pool = 0;           // slab: position of its pool, in bytes from the beginning of the arena
  page_number next = no_page;  // first page of a free span or a slab: its neighbours on a page_list
  page_number previous = no_page;
};

static_assert(sizeof(page) == 16);

/// A bit per slot of the smallest class. The bits of a slab are those of its pages, in order, indexed by slot
/// number.
inline constexpr size_t slot_words_per_page = page_size / slot_granularity / 64;

/// The records of one arena, and the mapping from an address to its record and back.
class page_table {
 public:
  page_table(std::byte* arena, page* records, uint64_t* slot_bits, size_t pages)
      : arena_(arena), records_(records), slot_bits_(slot_bits), pages_(pages) {}

  page& operator[](page_number number) const { return records_[number]; }
  size_t pages() const { return pages_; }

  /// The bits of the slab that begins at `first`; a set bit is a free slot.
  uint64_t* slot_bits(page_number first) const { return slot_bits_ + size_t{first} * slot_words_per_page; }

  uint32_t offset_of(const void* bookkeeping) const {
    return static_cast<uint32_t>(address_of(bookkeeping) - address_of(arena_));
  }
  std::byte* at_offset(uint32_t offset) const { return arena_ + offset; }

  page_number number_of(const void* pointer) const {
    return static_cast<page_number>((address_of(pointer) - address_of(arena_)) >> page_shift);
  }
  std::byte* address(page_number number) const { return arena_ + (size_t{number} << page_shift); }

 private:
  std::byte* const arena_;
  page* const records_;
  uint64_t* const slot_bits_;
  const size_t pages_;
};

/// A doubly linked list of spans, linked through the records of their first pages.
class page_list {
 public:
  bool empty() const { return head_ == no_page; }
  page_number front() const { return head_; }

  void push(page_table& table, page_number number) {
    table[number].previous = no_page;
    table[number].next = head_;
    if (head_ != no_page) table[head_].previous = number;
    head_ = number;
  }

  void remove(page_table& table, page_number number) {
    const page& removed = table[number];
    (removed.previous == no_page ? head_ : table[removed.previous].next) = removed.next;
    if (removed.next != no_page) table[removed.next].previous = removed.previous;
  }

 private:
  page_number head_ = no_page;
};

}  // namespace corebuf
