// A futex can wait by the monotonic clock; a condition variable that can needs glibc 2.34.
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <ctime>

#include "shard/os_sleeper.h"

namespace corebuf {

struct os_sleeper::state {
  std::atomic<uint32_t> wakes{0};
};

os_sleeper::os_sleeper() : state_(std::make_unique<state>()) {}
os_sleeper::~os_sleeper() = default;

void os_sleeper::wake() {
  state_->wakes.fetch_add(1, std::memory_order_relaxed);  // The lock orders it.
  ::syscall(SYS_futex, &state_->wakes, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

void os_sleeper::sleep(std::mutex& lock, uint64_t at_most_ns) {
  constexpr uint64_t second = 1'000'000'000;
  const timespec limit = {.tv_sec = static_cast<time_t>(at_most_ns / second), .tv_nsec = static_cast<long>(at_most_ns % second)};
  const uint32_t seen = state_->wakes.load(std::memory_order_relaxed);
  lock.unlock();
  ::syscall(SYS_futex, &state_->wakes, FUTEX_WAIT_PRIVATE, seen, at_most_ns == for_ever ? nullptr : &limit, nullptr, 0);
  lock.lock();
}

}  // namespace corebuf
