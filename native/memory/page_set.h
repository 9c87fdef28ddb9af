// A set of page numbers as bits, with operations on whole runs. The heap has one, of the pages that may have
// memory behind them. Its bits lie in zeroed arena memory that it does not own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "memory/page_table.h"

namespace corebuf {

class page_set {
 public:
  explicit page_set(uint64_t* words) : words_(words) {}

  static constexpr size_t bytes_for(size_t pages) { return align_up(pages, 64) / 8; }

  /// Both return how many pages changed.
  size_t add(page_number first, size_t count) {
    return each_word(first, count, [](uint64_t& word, uint64_t mask) {
      const int added = std::popcount(mask & ~word);
      word |= mask;
      return static_cast<size_t>(added);
    });
  }

  size_t remove(page_number first, size_t count) {
    return each_word(first, count, [](uint64_t& word, uint64_t mask) {
      const int removed = std::popcount(mask & word);
      word &= ~mask;
      return static_cast<size_t>(removed);
    });
  }

  size_t count(page_number first, size_t pages) const {
    return each_word(first, pages,
                     [](uint64_t& word, uint64_t mask) { return static_cast<size_t>(std::popcount(mask & word)); });
  }

 private:
  template <typename Visit>
  size_t each_word(page_number first, size_t count, Visit visit) const {
    size_t changed = 0;
    size_t at = first;
    const size_t end = at + count;
    while (at < end) {
      const size_t bit = at % 64;
      const size_t bits = end - at < 64 - bit ? end - at : 64 - bit;
      const uint64_t mask = (bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1) << bit;
      changed += visit(words_[at / 64], mask);
      at += bits;
    }
    return changed;
  }

  uint64_t* const words_;
};

}  // namespace corebuf
