// How long the turns of a shard are, and how many were too long. One owner, one thread.
#pragma once

#include <algorithm>
#include <cstdint>

namespace corebuf {

class turn_meter {
 public:
  static constexpr uint32_t threshold_us_default = 500;

  void set_threshold(uint32_t threshold_us) { threshold_ns_ = uint64_t{threshold_us} * 1000; }

  /// `busy_ns` is the time that the thread has worked since it began.
  void turn_ended(uint64_t busy_ns) {
    const uint64_t length = busy_ns - busy_ns_;
    busy_ns_ = busy_ns;
    if (turns_++ == 0) return;  // Before the first turn there was the whole start of the program.
    longest_ns_ = std::max(longest_ns_, length);
    if (threshold_ns_ > 0 && length > threshold_ns_) ++stalls_;
  }

  uint64_t turns() const { return turns_; }
  uint64_t stalls() const { return stalls_; }
  uint64_t longest_us() const { return longest_ns_ / 1000; }

 private:
  uint64_t threshold_ns_ = uint64_t{threshold_us_default} * 1000;
  uint64_t busy_ns_ = 0;
  uint64_t turns_ = 0;
  uint64_t stalls_ = 0;
  uint64_t longest_ns_ = 0;
};

}  // namespace corebuf
