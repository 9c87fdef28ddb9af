// How long the turns of a shard are, and how many were too long. One owner, one thread.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace corebuf {

class turn_meter {
 public:
  static constexpr uint32_t threshold_us_default = 500;
  static constexpr size_t lengths = 24;  // the last is of 4 s and more

  /// Where there was none before, the turn that runs is measured against it from now on: `busy_ns`, as for turn_ended().
  void set_threshold(uint32_t threshold_us, uint64_t busy_ns) {
    if (threshold_ns_ == 0) measured_from_ns_ = busy_ns;
    threshold_ns_ = uint64_t{threshold_us} * 1000;
  }
  uint32_t threshold_us() const { return static_cast<uint32_t>(threshold_ns_ / 1000); }

  /// `busy_ns` is the time that the thread has worked since it began. Returns how long the turn was when that was too long, else 0.
  uint64_t turn_ended(uint64_t busy_ns) {
    const uint64_t length = busy_ns - busy_ns_;
    const uint64_t measured = busy_ns - std::max(busy_ns_, measured_from_ns_);
    busy_ns_ = busy_ns;
    if (turns_++ == 0) return 0;  // Before the first turn there was the whole start of the program.
    longest_ns_ = std::max(longest_ns_, length);
    ++lengths_[std::min<size_t>(std::bit_width(length / 1000), lengths - 1)];
    if (threshold_ns_ == 0 || measured <= threshold_ns_) return 0;
    ++stalls_;
    return measured;
  }

  uint64_t turns() const { return turns_; }
  uint64_t stalls() const { return stalls_; }
  uint64_t longest_us() const { return longest_ns_ / 1000; }

  /// Turns by the number of bits of their length in microseconds: [0] is below 1 µs, [n] from 2^(n-1) to below 2^n.
  const std::array<uint64_t, lengths>& by_length() const { return lengths_; }

 private:
  uint64_t threshold_ns_ = 0;  // none
  uint64_t measured_from_ns_ = 0;
  uint64_t busy_ns_ = 0;
  uint64_t turns_ = 0;
  uint64_t stalls_ = 0;
  uint64_t longest_ns_ = 0;
  std::array<uint64_t, lengths> lengths_{};
};

}  // namespace corebuf
