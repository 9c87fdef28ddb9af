// Finds turns that last too long while they last. One thread for all shards of the process, begun with the first of them. While
// turns come it wakes when the oldest that runs would be overdue, and no more often than the lowest threshold; when
// none has begun for a few looks in a row it sleeps until one does.
//
// Shards come and go under its lock: once remove() has returned, nothing more is asked of that shard.
#pragma once

#include <atomic>
#include <cstdint>
#include <ctime>
#include <mutex>
#include <vector>

#include "base/background_thread.h"
#include "shard/watched_turn.h"

namespace corebuf {

class stall_watch {
 public:
  /// That of the process; never destroyed.
  static stall_watch& get();

  stall_watch() = default;
  ~stall_watch();
  stall_watch(const stall_watch&) = delete;
  stall_watch& operator=(const stall_watch&) = delete;

  /// `turn` has a threshold, and lives until it is removed.
  void add(watched_turn& turn);
  void remove(watched_turn& turn);

  /// A turn of the calling shard begins.
  void begin(watched_turn& turn) {
    turn.begin(monotonic_ns());
    if (asleep_.load(std::memory_order_seq_cst)) rouse();  // In one order with run's store.
  }

  /// A threshold has changed, or a turn has begun while the watch slept.
  void rouse();

  bool asleep() const { return asleep_.load(std::memory_order_relaxed); }

  /// Nanoseconds until it has to look again.
  static constexpr uint64_t never = UINT64_MAX;

 private:
  friend class stall_watch_test;
  static constexpr uint32_t quiet_looks_max = 16;

  struct finding {
    bool active = false;       // turns have begun since the last look, or one that is not overdue runs
    uint64_t wait_ns = never;  // for the next look
  };

  finding look(uint64_t now_ns);  // with the lock
  void run();
  void sleep_until(uint64_t ns);
  void sleep();
  void signal();  // with the lock
  void wait(const timespec* at_most);

  std::mutex lock_;
  std::atomic<uint32_t> signals_{0};  // a futex
  std::vector<watched_turn*> turns_;
  background_thread thread_;
  bool stopping_ = false;
  bool roused_ = false;
  alignas(cache_line) std::atomic<bool> asleep_{false};
};

}  // namespace corebuf
