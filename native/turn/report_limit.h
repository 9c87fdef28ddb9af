// How often a shard may report: reports_max times in a second, counted from the first of them. One owner, one
// thread.
#pragma once

#include <cstdint>

namespace corebuf {

class report_limit {
 public:
  static constexpr uint32_t reports_max = 10;
  static constexpr uint64_t period_ns = 1'000'000'000;

  bool allows(uint64_t now_ns) const { return reports_ < reports_max || now_ns - began_ns_ >= period_ns; }

  /// A report was made; true when it is the first one of its second.
  bool count(uint64_t now_ns) {
    const bool first = reports_ == 0 || now_ns - began_ns_ >= period_ns;
    if (first) {
      began_ns_ = now_ns;
      reports_ = 0;
    }
    ++reports_;
    return first;
  }

 private:
  uint64_t began_ns_ = 0;
  uint32_t reports_ = 0;
};

}  // namespace corebuf
