// Durations of recent requests in microseconds: a count for each eighth of a power of two, so a quantile is
// at most an eighth too large. When `recent_max` requests have been counted, each count is halved: older
// requests weigh less and less. Adding costs a few instructions.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace corebuf {

class latency_histogram {
 public:
  static constexpr uint32_t recent_max = 16'384;
  static constexpr uint64_t us_max = (uint64_t{1} << 26) - 1;  // 67 s; longer times are counted as this

  void add(uint64_t us) {
    ++counts_[step_of(std::min(us, us_max))];
    if (++total_ == recent_max) halve();
  }

  uint32_t total() const { return total_; }

  /// The time within which this part (0 … 1) of the requests ended; 0 when none was counted.
  uint64_t quantile(double part) const {
    const double wanted = part * total_;
    uint64_t seen = 0;
    for (size_t step = 0; step < steps; ++step) {
      seen += counts_[step];
      if (seen > 0 && static_cast<double>(seen) >= wanted) return last_of(step);
    }
    return 0;
  }

 private:
  static constexpr unsigned fine_bits = 3;
  static constexpr size_t fine = 1U << fine_bits;
  static constexpr size_t steps = (26 - fine_bits + 1) * fine;

  static constexpr size_t step_of(uint64_t us) {
    if (us < fine) return us;
    const unsigned shift = static_cast<unsigned>(std::bit_width(us)) - 1 - fine_bits;
    return (shift + 1) * fine + (us >> shift) - fine;
  }
  /// The longest time that is counted in this step.
  static constexpr uint64_t last_of(size_t step) {
    if (step < fine) return step;
    const size_t shift = step / fine - 1;
    return ((fine + step % fine + 1) << shift) - 1;
  }
  static_assert(recent_max <= UINT16_MAX);

  void halve() {
    total_ = 0;
    for (uint16_t& count : counts_) {
      count /= 2;
      total_ += count;
    }
  }

  std::array<uint16_t, steps> counts_{};
  uint32_t total_ = 0;
};

}  // namespace corebuf
