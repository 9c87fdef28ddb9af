// Free memory of one size, ready to be handed out: a stack of addresses. Neither end touches the memory
// itself, so freeing writes no link into bytes that a view may still show, and loads no cache line of the
// object.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.h"

namespace corebuf {

template <typename T, size_t Capacity>
class magazine {
 public:
  /// Sets how many addresses it may hold; at most Capacity.
  void limit(size_t limit) { limit_ = static_cast<uint32_t>(std::min(limit, Capacity)); }

  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == limit_; }
  size_t size() const { return count_; }
  size_t limit() const { return limit_; }

  void push(T element) { elements_[count_++] = element; }
  T pop() { return elements_[--count_]; }

  /// Room for up to `wanted` elements on top. The caller fills it and then calls grow().
  std::span<T> room(size_t wanted) { return {elements_.data() + count_, std::min<size_t>(wanted, limit_ - count_)}; }
  void grow(size_t added) { count_ += static_cast<uint32_t>(added); }

  /// The elements that were pushed longest ago, oldest first; drop_oldest() removes them.
  std::span<const T> oldest(size_t count) const { return {elements_.data(), std::min<size_t>(count, count_)}; }
  void drop_oldest(size_t count) {
    std::copy(elements_.begin() + static_cast<ptrdiff_t>(count), elements_.begin() + count_, elements_.begin());
    count_ -= static_cast<uint32_t>(count);
  }

  std::span<const T> all() const { return oldest(count_); }

 private:
  uint32_t count_ = 0;
  uint32_t limit_ = Capacity;
  std::array<T, Capacity> elements_;
};

}  // namespace corebuf
