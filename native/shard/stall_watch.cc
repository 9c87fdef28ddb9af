#include "shard/stall_watch.h"

#include <algorithm>

#include "base/assert.h"
#include "base/os_thread.h"
#include "shard/os_cpu.h"

namespace corebuf {

stall_watch& stall_watch::get() {
  // Never destroyed, because shards may still run while the process exits.
  static stall_watch* const process_watch = new stall_watch;
  return *process_watch;
}

stall_watch::~stall_watch() {
  ASSERT(turns_.empty());
  {
    const std::lock_guard guard(lock_);
    stopping_ = true;
    sleeper_.wake();
  }
  thread_.join();
}

void stall_watch::add(watched_turn& turn) {
  {
    const std::lock_guard guard(lock_);
    ASSERT(std::find(turns_.begin(), turns_.end(), &turn) == turns_.end());
    turns_.push_back(&turn);
    // Without the thread, stalls are reported when they end, and without a stack; the next shard tries to
    // start it again.
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
  sleeper_.wake();
}

stall_watch::finding stall_watch::look(uint64_t now_ns) {
  finding found;
  for (watched_turn* turn : turns_) {
    const uint64_t threshold = turn->threshold_ns_.load(std::memory_order_relaxed);
    const uint64_t word = turn->word_.load(std::memory_order_seq_cst);  // In one order with begin's store.
    const uint64_t begun = word & ~uint64_t{1};
    if (begun != turn->seen_ns_) found.active = true;
    turn->seen_ns_ = begun;
    uint64_t lasted = 0;
    if (word != begun && turn->found_.load(std::memory_order_relaxed) != word) {
      lasted = now_ns > begun ? now_ns - begun : 0;
      if (lasted >= threshold) {
        turn->found_.store(word, std::memory_order_relaxed);
        turn->overdue_(turn->context_);
        lasted = 0;
      }
      found.active = true;
    }
    found.wait_ns = std::min(found.wait_ns, pace_.wait_ns(threshold, lasted));
  }
  return found;
}

void stall_watch::run() {
  os_thread::set_name("corebuf-stalls");
  unpin_thread();
  uint32_t quiet_looks = 0;
  std::unique_lock lock(lock_);
  while (!stopping_) {
    const uint64_t now = monotonic_ns();
    const finding found = look(now);
    quiet_looks = found.active ? 0 : quiet_looks + 1;
    pace_.looked();
    if (found.wait_ns == never || quiet_looks > quiet_looks_max) {
      quiet_looks = 0;
      sleep();
    } else {
      sleep_until(now + found.wait_ns);
    }
  }
}

void stall_watch::sleep_until(uint64_t ns) {
  roused_ = false;
  for (uint64_t now = monotonic_ns(); now < ns && !roused_ && !stopping_; now = monotonic_ns()) {
    sleeper_.sleep(lock_, ns - now);
  }
}

/// Sleeps until a turn begins. A turn that began meanwhile may not have seen that the watch sleeps, so the
/// watch looks for it.
void stall_watch::sleep() {
  roused_ = false;
  asleep_.store(true, std::memory_order_seq_cst);
  if (look(monotonic_ns()).active) asleep_.store(false, std::memory_order_relaxed);
  while (asleep_.load(std::memory_order_relaxed) && !roused_ && !stopping_) sleeper_.sleep(lock_, os_sleeper::for_ever);
}

}  // namespace corebuf
