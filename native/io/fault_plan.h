// For tests: decides which requests go wrong, and how, by a list of rules, each for some kinds of requests.
// Random numbers come from a seed, so that a run can be repeated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "io/io_request.h"

namespace corebuf {

/// The fault of one request.
struct io_fault {
  int os_errno = 0;        // the request fails with this errno and moves nothing; 0 for none
  bool shortened = false;  // the request moves only `bytes` bytes
  size_t bytes = 0;
  uint32_t late_start = 0;  // calls of reap() before the kernel gets it
  uint32_t late_end = 0;    // calls of reap() before its end is reported

  static io_fault short_after(size_t bytes) { return {.shortened = true, .bytes = bytes}; }
  static io_fault error(int os_errno) { return {.os_errno = os_errno}; }
  bool none() const { return os_errno == 0 && !shortened && late_start == 0 && late_end == 0; }
};

/// Numbers only, because JavaScript fills it.
struct fault_rule {
  static constexpr uint32_t chance_max = 1000;

  uint32_t ops;         // a bit for each io_op: 1 << op
  uint32_t skip;        // so many of those requests go well first
  uint32_t times;       // then so many go wrong
  uint32_t chance;      // probability of each of them, in 1 / chance_max
  uint32_t os_errno;    // 0 for none
  uint32_t bytes_most;  // reads and writes move at most so many bytes; UINT32_MAX for no limit
  uint32_t late_start;
  uint32_t late_end;
  uint32_t random;  // nonzero: bytes and delays are random numbers up to these
};

class fault_plan {
 public:
  void set(uint32_t seed, std::vector<fault_rule> rules);
  io_fault decide(const io_request& request);

  /// Requests that went wrong since the plan was set.
  uint32_t hits() const { return hits_; }

 private:
  uint32_t up_to(uint32_t most, bool random) {
    return random ? static_cast<uint32_t>(chance_() % (uint64_t{most} + 1)) : most;
  }

  std::vector<fault_rule> rules_;
  std::mt19937 chance_;
  uint32_t hits_ = 0;
};

}  // namespace corebuf
