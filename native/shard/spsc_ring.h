// A bounded queue from one thread to one other thread. Each end keeps the last value that it saw of the
// other's index, so that a cache line moves between the threads only when the queue seems to be full or
// empty.
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
  /// Sender only. False when full; then the value stays the caller's.
  bool try_push(const T& value) {
    if (!try_stage(value)) return false;
    publish();
    return true;
  }

  /// As try_push, but the receiver sees the value only after publish(), so that one move of the cache line
  /// publishes many values.
  bool try_stage(const T& value) {
    if (staged_ - head_seen_ == Capacity) {
      head_seen_ = head_.load(std::memory_order_acquire);  // Pairs with try_pop's release: the slot has been read.
      if (staged_ - head_seen_ == Capacity) return false;
    }
    slots_[staged_++ % Capacity] = value;
    return true;
  }
  void publish() { tail_.store(staged_, std::memory_order_release); }  // Pairs with try_pop's acquire.
  bool all_published() const { return staged_ == tail_.load(std::memory_order_relaxed); }

  /// Receiver only. False when empty.
  bool try_pop(T& value) {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);  // Pairs with publish's release.
      if (head == tail_seen_) return false;
    }
    value = slots_[head % Capacity];
    head_.store(head + 1, std::memory_order_release);  // Pairs with try_stage's acquire.
    return true;
  }

  /// Exact for the receiver, a hint for every other thread.
  bool empty() const { return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire); }

  static constexpr size_t capacity() { return Capacity; }

  /// To be called while neither side uses the ring.
  void invariant() const {
    const size_t head = head_.load(std::memory_order_relaxed);
    const size_t tail = tail_.load(std::memory_order_relaxed);
    ASSERT(tail - head <= staged_ - head && staged_ - head <= Capacity);
  }

 private:
  alignas(cache_line) std::atomic<size_t> head_{0};  // written by the receiver
  size_t tail_seen_ = 0;
  alignas(cache_line) std::atomic<size_t> tail_{0};  // written by the sender
  size_t staged_ = 0;
  size_t head_seen_ = 0;
  alignas(cache_line) std::array<T, Capacity> slots_;
};

}  // namespace corebuf
