// How often durations of each length occurred: a count for each eighth of a power of two, as in an HDR
// histogram, so that a quantile is at most an eighth too large. One thread adds, which costs a few
// instructions; any thread may read meanwhile.
//
//   step   0 … 7: 0-1, 2, 3 … 8 ns     8 … 15: 9, 10 … 16 ns     16 … 23: 17-18, 19-20 … 31-32 ns     …
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/counter.h"

namespace corebuf {

class histogram {
 public:
  static constexpr unsigned bits_max = 36;
  static constexpr uint64_t ns_max = uint64_t{1} << bits_max;  // 69 s; longer durations are counted as this

  void add(uint64_t ns) {
    counts_[step_of(ns)].add(1);
    sum_ns_.add(ns);
    if (ns > longest_ns_) longest_ns_.set(ns);
  }

  void clear() {
    for (counter& count : counts_) count.set(0);
    sum_ns_.set(0);
    longest_ns_.set(0);
  }

  uint64_t sum_ns() const { return sum_ns_; }
  uint64_t longest_ns() const { return longest_ns_; }
  uint64_t count() const {
    uint64_t sum = 0;
    for (const counter& one : counts_) sum += one;
    return sum;
  }

  /// Fills `within` with the numbers of durations of at most 2^bits_min ns, twice that, and so on, and returns
  /// the number of all. `bits_min` is at least 3. No number is above the next, even while the home adds.
  uint64_t cumulate(unsigned bits_min, std::span<uint64_t> within) const {
    uint64_t sum = 0;
    size_t step = 0;
    for (uint64_t& count : within) {
      const size_t end = std::min(steps, (bits_min++ - fine_bits + 1) * fine);
      for (; step < end; ++step) sum += counts_[step];
      count = sum;
    }
    for (; step < steps; ++step) sum += counts_[step];
    return sum;
  }

  /// The duration within which this part (0 … 1) of all ended; 0 when there was none.
  uint64_t quantile_ns(double part) const {
    const double wanted = part * static_cast<double>(count());
    uint64_t seen = 0;
    for (size_t step = 0; step < steps; ++step) {
      seen += counts_[step];
      if (seen > 0 && static_cast<double>(seen) >= wanted) return std::min(longest_of(step), longest_ns());
    }
    return longest_ns();
  }

 private:
  static constexpr unsigned fine_bits = 3;
  static constexpr size_t fine = size_t{1} << fine_bits;
  static constexpr size_t steps = (bits_max - fine_bits + 1) * fine;

  /// By one less than the duration, so that a power of two is the last of its step.
  static size_t step_of(uint64_t ns) {
    const uint64_t less = std::min(ns - (ns > 0), ns_max - 1);
    if (less < fine) return less;
    const unsigned shift = static_cast<unsigned>(std::bit_width(less)) - 1 - fine_bits;
    return (shift + 1) * fine + (less >> shift) - fine;
  }
  static uint64_t longest_of(size_t step) {
    if (step < fine) return step + 1;
    return (fine + step % fine + 1) << (step / fine - 1);
  }

  std::array<counter, steps> counts_;
  counter sum_ns_;
  counter longest_ns_;
};

}  // namespace corebuf
