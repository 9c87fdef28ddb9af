// How often the stall watch looks. Each look wakes a thread, which takes a processor from somebody for longer than many turns of a busy
// shard. An alert watch looks once per threshold, and when a running turn would be overdue. After many looks without an alert it is calm:
// it looks less often, whatever runs, and finds what lasts longer than that.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace corebuf {

/// One thread looks; any thread may alert.
class look_pace {
 public:
  static constexpr uint32_t alert_looks = 100;
  static constexpr uint64_t calm_thresholds = 8;
  static constexpr uint64_t calm_wait_max_ns = 4'000'000;

  void alert() { looks_left_.store(alert_looks, std::memory_order_relaxed); }
  bool calm() const { return looks_left_.load(std::memory_order_relaxed) == 0; }

  void looked() {
    uint32_t left = looks_left_.load(std::memory_order_relaxed);
    // An alert that comes meanwhile stays.
    if (left > 0) looks_left_.compare_exchange_strong(left, left - 1, std::memory_order_relaxed);
  }

  /// Nanoseconds until the next look for the sake of a shard whose turn, if one runs that may become overdue, has lasted `lasted_ns`.
  uint64_t wait_ns(uint64_t threshold_ns, uint64_t lasted_ns) const {
    if (!calm()) return threshold_ns - std::min(lasted_ns, threshold_ns);
    return std::max(threshold_ns, std::min(calm_thresholds * threshold_ns, calm_wait_max_ns));
  }

 private:
  std::atomic<uint32_t> looks_left_{alert_looks};
};

}  // namespace corebuf
