// Limits of one turn, so that timers and sockets run in time: a number of objects and microseconds, whichever
// ends first.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace corebuf {

class turn_quota {
 public:
  static constexpr size_t objects_default = 16 * 1024;
  static constexpr std::chrono::microseconds time_default{500};

  explicit turn_quota(size_t objects_max = objects_default, std::chrono::microseconds time_max = time_default)
      : objects_left_(objects_max), end_(clock::now() + time_max) {}

  /// Counts one object; false when the turn must end. The clock is read once per `objects_per_look`.
  bool spend() {
    if (objects_left_ == 0) return false;
    --objects_left_;
    if (objects_left_ % objects_per_look == 0 && clock::now() >= end_) objects_left_ = 0;
    return true;
  }

  bool spent() const { return objects_left_ == 0; }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr size_t objects_per_look = 64;

  size_t objects_left_;
  const clock::time_point end_;
};

}  // namespace corebuf
