// Lengths of the turns of a shard, and the number of those above the threshold. One owner, one thread.
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
  static constexpr size_t lengths = 24;  // the last counts turns of 4 s and more

  /// Sets the threshold; 0 for none. The first threshold measures the running turn from now on. `busy_ns`: as
  /// for turn_ended().
  void set_threshold(uint32_t threshold_us, uint64_t busy_ns) {
    if (threshold_ns_ == 0) measured_from_ns_ = busy_ns;
    threshold_ns_ = uint64_t{threshold_us} * 1000;
  }
  uint32_t threshold_us() const { return static_cast<uint32_t>(threshold_ns_ / 1000); }

  /// `busy_ns` is the time that the thread has worked since its beginning. Returns the length of the turn
  /// when it was above the threshold, else 0.
  uint64_t turn_ended(uint64_t busy_ns) {
    const uint64_t length = busy_ns - busy_ns_;
    const uint64_t measured = busy_ns - std::max(busy_ns_, measured_from_ns_);
    busy_ns_ = busy_ns;
    last_ns_ = length;
    if (turns_++ == 0) return 0;  // the first turn includes the start of the program
    longest_ns_ = std::max(longest_ns_, length);
    ++lengths_[std::min<size_t>(std::bit_width(length / 1000), lengths - 1)];
    if (threshold_ns_ == 0 || measured <= threshold_ns_) return 0;
    ++stalls_;
    return measured;
  }

  /// For how much of the turn that has ended there was a processor; 0 unless it was stalled.
  void was_on_cpu(uint64_t ns) { stalls_on_cpu_ += ns > threshold_ns_; }

  uint64_t turns() const { return turns_; }
  /// Length of the last turn; of the first, with the start of the program.
  uint64_t last_ns() const { return last_ns_; }
  uint64_t stalls() const { return stalls_; }
  /// Those that had a processor for longer than the threshold.
  uint64_t stalls_on_cpu() const { return stalls_on_cpu_; }
  uint64_t longest_us() const { return longest_ns_ / 1000; }

  /// Numbers of turns by the bits of their length in microseconds: [0] below 1 µs, [n] from 2^(n-1) to below
  /// 2^n µs.
  const std::array<uint64_t, lengths>& by_length() const { return lengths_; }

 private:
  uint64_t threshold_ns_ = 0;  // 0 for none
  uint64_t measured_from_ns_ = 0;
  uint64_t busy_ns_ = 0;
  uint64_t last_ns_ = 0;
  uint64_t turns_ = 0;
  uint64_t stalls_ = 0;
  uint64_t stalls_on_cpu_ = 0;
  uint64_t longest_ns_ = 0;
  std::array<uint64_t, lengths> lengths_{};
};

}  // namespace corebuf
