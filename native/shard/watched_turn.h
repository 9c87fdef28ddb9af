// The turn of one shard, as the stall watch sees it: one word that the home writes when a turn begins and
// when it ends.
//
//   begin   the time, odd        the watch may find this turn overdue
//   end     the same time, even  the shard waits for events
//
// Only the home thread calls begin() and end(). Beginning costs one read of the clock and one locked store.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "shard/spsc_ring.h"

namespace corebuf {

/// Nanoseconds of the clock by which turns are timed.
inline uint64_t monotonic_ns() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() /
                               std::chrono::nanoseconds(1));
}

class watched_turn {
 public:
  /// `overdue` is called on the thread of the watch, once for each turn that lasts longer than the threshold,
  /// while it lasts.
  watched_turn(void (*overdue)(void* context), void* context) : overdue_(overdue), context_(context) {}
  watched_turn(const watched_turn&) = delete;
  watched_turn& operator=(const watched_turn&) = delete;

  bool running() const { return (word_.load(std::memory_order_relaxed) & 1) != 0; }

  /// Sequentially consistent with the watch's store before it sleeps: either the watch sees this turn, or the
  /// caller sees that the watch sleeps.
  void begin(uint64_t now_ns) { word_.store(now_ns | 1, std::memory_order_seq_cst); }
  void end() { word_.store(word_.load(std::memory_order_relaxed) & ~uint64_t{1}, std::memory_order_relaxed); }

  /// True while a turn runs that the watch has found overdue. A request of the watch may arrive later than
  /// that.
  bool found_overdue() const {
    return running() && found_.load(std::memory_order_relaxed) == word_.load(std::memory_order_relaxed);
  }

  void set_threshold(uint64_t ns) { threshold_ns_.store(ns, std::memory_order_relaxed); }

 private:
  friend class stall_watch;

  void (*const overdue_)(void* context);
  void* const context_;

  alignas(cache_line) std::atomic<uint64_t> word_{0};
  std::atomic<uint64_t> threshold_ns_{0};
  std::atomic<uint64_t> found_{0};  // word_ of the turn that was found overdue last
  uint64_t seen_ns_ = 0;            // beginning of the turn that the watch saw last; only the watch uses it
};

}  // namespace corebuf
