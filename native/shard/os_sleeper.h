// The sleep of one thread, at most for a time of the monotonic clock, which another thread can end. Both hold the same lock.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

namespace corebuf {

class os_sleeper {
 public:
  os_sleeper();
  ~os_sleeper();
  os_sleeper(const os_sleeper&) = delete;
  os_sleeper& operator=(const os_sleeper&) = delete;

  static constexpr uint64_t for_ever = UINT64_MAX;

  /// Releases `lock` while it sleeps. It may return early, without a reason.
  void sleep(std::mutex& lock, uint64_t at_most_ns);

  /// Ends the sleep. Called with the lock.
  void wake();

 private:
  struct state;
  const std::unique_ptr<state> state_;
};

}  // namespace corebuf
