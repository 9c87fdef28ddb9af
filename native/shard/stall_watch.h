// Finds turns that last too long, while they last. One thread watches all shards of the process; the first
// shard starts it. While turns come it wakes when the oldest running turn would be overdue, and at most once
// per lowest threshold. After many looks without a stall it is calm: while no turn runs it looks less often, until a
// stall is found or reported. When no turn has begun for several looks in a row, it sleeps until one begins.
//
// Shards are added and removed under its lock: after remove() has returned, the watch does not touch that
// shard.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/background_thread.h"
#include "shard/os_sleeper.h"
#include "shard/watched_turn.h"

namespace corebuf {

class stall_watch {
 public:
  /// The watch of the process; never destroyed.
  static stall_watch& get();

  stall_watch() = default;
  ~stall_watch();
  stall_watch(const stall_watch&) = delete;
  stall_watch& operator=(const stall_watch&) = delete;

  /// `turn` has a threshold, and lives until it is removed.
  void add(watched_turn& turn);
  void remove(watched_turn& turn);

  /// To be called when a turn of the calling shard begins.
  void begin(watched_turn& turn) {
    turn.begin(monotonic_ns());
    if (asleep_.load(std::memory_order_seq_cst)) rouse();  // Sequentially consistent with the store in run().
  }

  /// To be called when a turn has ended that was too long: the next will be found as early as it can be.
  void alert() { alert_looks_.store(alert_looks_max, std::memory_order_relaxed); }

  /// To be called when a threshold has changed, or a turn has begun while the watch slept.
  void rouse();

  bool asleep() const { return asleep_.load(std::memory_order_relaxed); }

  /// A wait without an end, in nanoseconds.
  static constexpr uint64_t never = UINT64_MAX;

 private:
  friend class stall_watch_test;
  static constexpr uint32_t quiet_looks_max = 16;
  static constexpr uint32_t alert_looks_max = 100;
  static constexpr uint64_t calm_thresholds = 4;
  static constexpr uint64_t calm_wait_max_ns = 2'000'000;

  struct finding {
    bool active = false;       // a turn has begun since the last look, or one that is not overdue runs
    uint64_t wait_ns = never;  // for the next look
  };

  finding look(uint64_t now_ns);  // with the lock
  uint64_t wait_for_turns(uint64_t threshold) const;
  void grow_calm();
  void run();
  void sleep_until(uint64_t ns);
  void sleep();

  std::mutex lock_;
  os_sleeper sleeper_;
  std::vector<watched_turn*> turns_;
  background_thread thread_;
  bool stopping_ = false;
  bool roused_ = false;
  std::atomic<uint32_t> alert_looks_{alert_looks_max};  // left until the watch is calm
  alignas(cache_line) std::atomic<bool> asleep_{false};
};

}  // namespace corebuf
