#include <algorithm>
#include <chrono>
#include <condition_variable>

#include "shard/os_sleeper.h"

namespace corebuf {

struct os_sleeper::state {
  std::condition_variable woken;
};

os_sleeper::os_sleeper() : state_(std::make_unique<state>()) {}
os_sleeper::~os_sleeper() = default;

void os_sleeper::wake() { state_->woken.notify_one(); }

void os_sleeper::sleep(std::mutex& lock, uint64_t at_most_ns) {
  constexpr uint64_t hour = 3'600'000'000'000;
  std::unique_lock held(lock, std::adopt_lock);
  if (at_most_ns == for_ever) {
    state_->woken.wait(held);
  } else {
    state_->woken.wait_for(held, std::chrono::nanoseconds(std::min(at_most_ns, hour)));  // early, rather than an overflow
  }
  held.release();  // The caller still has the lock.
}

}  // namespace corebuf
