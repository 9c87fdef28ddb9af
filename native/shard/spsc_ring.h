// A bounded queue from one thread to one other thread. Both ends keep what they last saw of the other's index, so
// that the line between them moves only when a side seems to have run full or empty.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "base/assert.h"
#include "base/bytes.h"

namespace corebuf {

inline constexpr size_t cache_line = 64;

template <typename T, size_t Capacity>
class spsc_ring {
  static_assert(is_power_of_two(Capacity));

 public:
  /// The sender. False when full: the value stays the caller's.
  bool try_push(const T& value) {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ == Capacity) {
      head_seen_ = head_.load(std::memory_order_acquire);  // Pairs with try_pop's release: the slot has been read.
      if (tail - head_seen_ == Capacity) return false;
    }
    slots_[tail % Capacity] = value;
    tail_.store(tail + 1, std::memory_order_release);  // Pairs with try_pop's acquire.
    return true;
  }

  /// The receiver. False when empty.
  bool try_pop(T& value) {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);  // Pairs with try_push's release.
      if (head == tail_seen_) return false;
    }
    value = slots_[head % Capacity];
    head_.store(head + 1, std::memory_order_release);  // Pairs with try_push's acquire.
    return true;
  }

  /// Exact for the receiver, a hint for everyone else.
  bool empty() const { return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire); }

  static constexpr size_t capacity() { return Capacity; }

  /// While neither side is at work.
  void invariant() const {
    const size_t queued = tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_relaxed);
    ASSERT(queued <= Capacity);
  }

 private:
  alignas(cache_line) std::atomic<size_t> head_{0};  // the receiver's line
  size_t tail_seen_ = 0;
  alignas(cache_line) std::atomic<size_t> tail_{0};  // the sender's line
  size_t head_seen_ = 0;
  alignas(cache_line) std::array<T, Capacity> slots_;
};

}  // namespace corebuf
