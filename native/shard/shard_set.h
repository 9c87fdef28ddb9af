// A set of shard numbers that one thread reads in order.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/shard_id.h"

namespace corebuf {

class shard_set {
 public:
  void add(shard_id id) { words_[id / 64] |= uint64_t{1} << id % 64; }
  void remove(shard_id id) { words_[id / 64] &= ~(uint64_t{1} << id % 64); }
  bool contains(shard_id id) const { return (words_[id / 64] >> id % 64 & 1) != 0; }

  bool empty() const {
    for (uint64_t word : words_) {
      if (word != 0) return false;
    }
    return true;
  }

  /// `visit` may remove the number that it is called with.
  template <typename Visit>
  void each(Visit visit) const {
    for (size_t at = 0; at < words_.size(); ++at) {
      for (uint64_t word = words_[at]; word != 0; word &= word - 1) {
        visit(static_cast<shard_id>(at * 64 + static_cast<size_t>(std::countr_zero(word))));
      }
    }
  }

 private:
  std::array<uint64_t, shards_max / 64> words_{};
};

}  // namespace corebuf
