// Finds turns that last too long, while they last. One thread watches all shards of the process; the first
// shard starts it. While turns come it looks at them now and then (look_pace.h); when no turn has begun for
// several looks in a row, it sleeps until one begins.
//
// Shards are added and removed under its lock: after remove() has returned, the watch does not touch that
// shard.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/background_thread.h"
#include "shard/look_pace.h"
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

  /// To be called when a turn has ended that was too long: one that follows soon will be found as early as it can be.
  void alert() { pace_.alert(); }
  bool calm() const { return pace_.calm(); }

  /// To be called when a threshold has changed, or a turn has begun while the watch slept.
  void rouse();

  bool asleep() const { return asleep_.load(std::memory_order_relaxed); }

  /// A wait without an end, in nanoseconds.
  static constexpr uint64_t never = UINT64_MAX;

 private:
  friend class stall_watch_test;
  static constexpr uint32_t quiet_looks_max = 16;

  struct finding {
    bool active = false;       // a turn has begun since the last look, or one that is not overdue runs
    uint64_t wait_ns = never;  // for the next look
  };

  finding look(uint64_t now_ns);  // with the lock
  void run();
  void sleep_until(uint64_t ns);
  void sleep();

  std::mutex lock_;
  os_sleeper sleeper_;
  std::vector<watched_turn*> turns_;
  background_thread thread_;
  bool stopping_ = false;
  bool roused_ = false;
  look_pace pace_;
  alignas(cache_line) std::atomic<bool> asleep_{false};
};

}  // namespace corebuf
