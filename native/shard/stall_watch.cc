#include "shard/stall_watch.h"

#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/assert.h"
#include "shard/cpu.h"

namespace corebuf {

stall_watch& stall_watch::get() {
  // Never destroyed: shards may still run while the process exits.
  static stall_watch* const process_watch = new stall_watch;
  return *process_watch;
}

stall_watch::~stall_watch() {
  ASSERT(turns_.empty());
  {
    const std::lock_guard guard(lock_);
    stopping_ = true;
    signal();
  }
  thread_.join();
}

void stall_watch::add(watched_turn& turn) {
  {
    const std::lock_guard guard(lock_);
    ASSERT(std::find(turns_.begin(), turns_.end(), &turn) == turns_.end());
    turns_.push_back(&turn);
    // Without it stalls are reported as they end, and have no stack; the next shard tries again.
    if (!thread_.started()) (void)thread_.start([](void* watch) { static_cast<stall_watch*>(watch)->run(); }, this);
  }
  rouse();
}

void stall_watch::remove(watched_turn& turn) {
  const std::lock_guard guard(lock_);
  std::erase(turns_, &turn);
}

void stall_watch::rouse() {
  const std::lock_guard guard(lock_);
  asleep_.store(false, std::memory_order_relaxed);
  roused_ = true;
  signal();
}

void stall_watch::signal() {
  signals_.fetch_add(1, std::memory_order_relaxed);  // The lock orders it.
  ::syscall(SYS_futex, &signals_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

/// Gives the lock up meanwhile. A futex waits by the monotonic clock; a condition variable that does asks for glibc 2.34.
void stall_watch::wait(const timespec* at_most) {
  const uint32_t seen = signals_.load(std::memory_order_relaxed);
  lock_.unlock();
  ::syscall(SYS_futex, &signals_, FUTEX_WAIT_PRIVATE, seen, at_most, nullptr, 0);
  lock_.lock();
}

stall_watch::finding stall_watch::look(uint64_t now_ns) {
  finding found;
  for (watched_turn* turn : turns_) {
    const uint64_t threshold = turn->threshold_ns_.load(std::memory_order_relaxed);
    const uint64_t word = turn->word_.load(std::memory_order_seq_cst);  // In one order with begin's store.
    const uint64_t begun = word & ~uint64_t{1};
    if (begun != turn->seen_ns_) found.active = true;
    turn->seen_ns_ = begun;
    uint64_t wait = threshold;  // Whatever turn begins later cannot be overdue before that.
    if (word != begun && turn->found_.load(std::memory_order_relaxed) != word) {
      const uint64_t lasted = now_ns > begun ? now_ns - begun : 0;
      if (lasted >= threshold) {
        turn->found_.store(word, std::memory_order_relaxed);
        turn->overdue_(turn->context_);
      } else {
        wait = threshold - lasted;
      }
      found.active = true;
    }
    found.wait_ns = std::min(found.wait_ns, wait);
  }
  return found;
}

void stall_watch::run() {
  ::prctl(PR_SET_NAME, "corebuf-stalls");
  unpin_thread();
  uint32_t quiet_looks = 0;
  std::unique_lock lock(lock_);
  while (!stopping_) {
    const uint64_t now = monotonic_ns();
    const finding found = look(now);
    quiet_looks = found.active ? 0 : quiet_looks + 1;
    if (found.wait_ns == never || quiet_looks > quiet_looks_max) {
      quiet_looks = 0;
      sleep();
    } else {
      sleep_until(now + found.wait_ns);
    }
  }
}

void stall_watch::sleep_until(uint64_t ns) {
  constexpr uint64_t second = 1'000'000'000;
  roused_ = false;
  for (uint64_t now = monotonic_ns(); now < ns && !roused_ && !stopping_; now = monotonic_ns()) {
    const uint64_t left = ns - now;
    const timespec at_most = {.tv_sec = static_cast<time_t>(left / second), .tv_nsec = static_cast<long>(left % second)};
    wait(&at_most);
  }
}

/// Until a turn begins. One that has begun meanwhile did not see that we sleep: that is for us to see.
void stall_watch::sleep() {
  roused_ = false;
  asleep_.store(true, std::memory_order_seq_cst);
  if (look(monotonic_ns()).active) asleep_.store(false, std::memory_order_relaxed);
  while (asleep_.load(std::memory_order_relaxed) && !roused_ && !stopping_)
    wait(nullptr);
}

}  // namespace corebuf
