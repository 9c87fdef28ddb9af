// Classes of I/O of one shard, known by small numbers: kinds of work that share the disk, such as work that
// users wait for and work that can wait. The first is "default". io_scheduler divides the disk by their
// shares.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <span>
#include <string_view>

#include "base/assert.h"
#include "io/latency_histogram.h"
#include "shard/shard_metrics.h"

namespace corebuf {

inline constexpr size_t io_classes_max = 16;
static_assert(io_classes_max == shard_metrics::io_kinds_max);
inline constexpr uint32_t io_shares_max = 1000;
inline constexpr uint32_t io_shares_default = 100;
inline constexpr uint32_t io_goal_us_max = 10'000'000;
inline constexpr uint32_t io_goal_us_default = 1000;

struct io_class {
  std::string name;
  uint32_t shares = io_shares_default;  // 1 … io_shares_max
  uint32_t goal_us = io_goal_us_default;  // of 128 KiB; 0: none
  uint64_t queued = 0;                  // reads and writes that the scheduler holds
  uint64_t in_flight = 0;               // reads and writes that the engine has
  uint64_t completed = 0;               // including those that failed
  uint64_t bytes = 0;                   // moved by completed reads and writes
  uint64_t waited_us = 0;               // sum of the times that reads and writes were held back
  latency_histogram latency;            // of recent reads and writes, from the engine's start to its end
  histogram* durations = nullptr;       // the same of all; none before there is a shard
};

class io_classes {
 public:
  io_classes() { find_or_make("default"); }

  /// Number of the class of this name; io_classes_max when it is new and there are as many already.
  size_t find_or_make(std::string_view name) {
    size_t number = 0;
    while (number < size_ && classes_[number].name != name) ++number;
    if (number == size_ && size_ < io_classes_max) make(name);
    return number;
  }

  /// From now on all durations are counted in `each`, by class.
  void count_in(std::span<histogram, io_classes_max> each) {
    durations_ = each.data();
    for (size_t number = 0; number < size_; ++number) classes_[number].durations = &each[number];
  }

  size_t size() const { return size_; }
  io_class& operator[](size_t number) {
    ASSERT(number < size_);
    return classes_[number];
  }
  const io_class& operator[](size_t number) const {
    ASSERT(number < size_);
    return classes_[number];
  }

 private:
  void make(std::string_view name) {
    io_class& made = classes_[size_];
    made.name = name;
    if (durations_ != nullptr) made.durations = &durations_[size_];
    ++size_;
  }

  histogram* durations_ = nullptr;
  std::array<io_class, io_classes_max> classes_;
  size_t size_ = 0;
};

}  // namespace corebuf
