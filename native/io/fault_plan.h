// For tests: which requests go wrong, and how. A list of rules, each for some kinds of requests; chance comes from
// a seed, so that a run can be repeated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "io/io_request.h"

namespace corebuf {

/// What happens to one request.
struct io_fault {
  int os_errno = 0;        // it fails with that, and moves nothing
  bool shortened = false;  // it moves only so many bytes
  size_t bytes = 0;
  uint32_t late_start = 0;  // passes of reap() before the kernel gets it
  uint32_t late_end = 0;    // passes of reap() before its end is told

  static io_fault short_after(size_t bytes) { return {.shortened = true, .bytes = bytes}; }
  static io_fault error(int os_errno) { return {.os_errno = os_errno}; }
  bool none() const { return os_errno == 0 && !shortened && late_start == 0 && late_end == 0; }
};

/// Numbers only: JavaScript fills it.
struct fault_rule {
  static constexpr uint32_t chance_max = 1000;

  uint32_t ops;         // a bit for each io_op: 1 << op
  uint32_t skip;        // so many of those pass unharmed
  uint32_t times;       // then so many are hit
  uint32_t chance;      // of chance_max: each of them is
  uint32_t os_errno;    // 0 for none
  uint32_t bytes_most;  // reads and writes move as many at the most
  uint32_t late_start;
  uint32_t late_end;
  uint32_t random;  // bytes and delays are not so many, but up to so many
};

class fault_plan {
 public:
  void set(uint32_t seed, std::vector<fault_rule> rules);
  io_fault decide(const io_request& request);

  /// Requests that were hit since the plan was set.
  uint32_t hits() const { return hits_; }

 private:
  uint32_t up_to(uint32_t most, bool random) {
    return random ? static_cast<uint32_t>(chance_() % (uint64_t{most} + 1)) : most;
  }

  std::vector<fault_rule> rules_;
  std::mt19937 chance_;
  uint32_t hits_ = 0;
};

size_t bytes_of(const io_request& request);

}  // namespace corebuf
