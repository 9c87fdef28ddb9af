#include "shard/stall_watch.h"

#include <algorithm>
#include <csignal>
#include <ctime>

#include "base/assert.h"
#include "shard/cpu.h"

namespace corebuf {

stall_watch& stall_watch::get() {
  // Never destroyed: shards may still run while the process exits.
  static stall_watch* const process_watch = new stall_watch;
  return *process_watch;
}

stall_watch::stall_watch() {
  pthread_condattr_t attributes;
  ASSERT(::pthread_condattr_init(&attributes) == 0);
  ASSERT(::pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
  ASSERT(::pthread_cond_init(&changed_, &attributes) == 0);
  ::pthread_condattr_destroy(&attributes);
}

stall_watch::~stall_watch() {
  ASSERT(turns_.empty());
  {
    const std::lock_guard guard(lock_);
    stopping_ = true;
    ::pthread_cond_signal(&changed_);
  }
  if (thread_.joinable()) thread_.join();
  ::pthread_cond_destroy(&changed_);
}

void stall_watch::add(watched_turn& turn) {
  {
    const std::lock_guard guard(lock_);
    ASSERT(std::find(turns_.begin(), turns_.end(), &turn) == turns_.end());
    turns_.push_back(&turn);
    if (!thread_.joinable()) start();
  }
  rouse();
}

void stall_watch::remove(watched_turn& turn) {
  const std::lock_guard guard(lock_);
  std::erase(turns_, &turn);
}

/// New threads inherit the mask, so no handler of the program ever runs on ours (sigprocmask: see thread_engine.cc).
void stall_watch::start() {
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, &before);
  thread_ = std::thread([this] { run(); });
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

void stall_watch::rouse() {
  const std::lock_guard guard(lock_);
  asleep_.store(false, std::memory_order_relaxed);
  roused_ = true;
  ::pthread_cond_signal(&changed_);
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
  ::pthread_setname_np(::pthread_self(), "corebuf-stalls");
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
  const timespec until = {.tv_sec = static_cast<time_t>(ns / second),
                          .tv_nsec = static_cast<long>(ns % second)};
  roused_ = false;
  while (!roused_ && !stopping_) {
    if (::pthread_cond_timedwait(&changed_, lock_.native_handle(), &until) != 0) return;
  }
}

/// Until a turn begins. One that has begun meanwhile did not see that we sleep: that is for us to see.
void stall_watch::sleep() {
  roused_ = false;
  asleep_.store(true, std::memory_order_seq_cst);
  if (look(monotonic_ns()).active) asleep_.store(false, std::memory_order_relaxed);
  while (asleep_.load(std::memory_order_relaxed) && !roused_ && !stopping_)
    ::pthread_cond_wait(&changed_, lock_.native_handle());
}

}  // namespace corebuf
