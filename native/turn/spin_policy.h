// Whether a shard that has run out of work looks again for a moment before it sleeps. Looking gets the answer
// of a shard on another processor in a fraction of the time of a wake-up; where both share one processor, it
// only keeps the other from running. The policy finds out which case it is: when looking has found nothing
// several times in a row, the shard sleeps at once for the next bursts.
#pragma once

#include <cstdint>

namespace corebuf {

class spin_policy {
 public:
  void set_length(uint32_t microseconds) { length_ns_ = uint64_t{microseconds} * 1000; }

  /// To be called when work has come.
  void active(uint64_t now_ns) {
    if (length_ns_ == 0) return;
    if (until_ns_ != 0 && now_ns < until_ns_) misses_ = 0;
    if (pauses_ > 0) {
      --pauses_;
      return;
    }
    until_ns_ = now_ns + length_ns_;
  }

  /// True while the shard should look again rather than sleep.
  bool spinning(uint64_t now_ns) {
    if (until_ns_ == 0) return false;
    if (now_ns < until_ns_) return true;
    until_ns_ = 0;
    if (++misses_ == misses_max) {
      misses_ = 0;
      pauses_ = pauses_after_misses;
    }
    return false;
  }

  bool off() const { return until_ns_ == 0; }

 private:
  static constexpr uint32_t misses_max = 4;
  static constexpr uint32_t pauses_after_misses = 256;

  uint64_t length_ns_ = 0;
  uint64_t until_ns_ = 0;
  uint32_t misses_ = 0;  // how often looking has found nothing, in a row
  uint32_t pauses_ = 0;  // bursts after which the shard will sleep at once
};

}  // namespace corebuf
