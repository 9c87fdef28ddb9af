// The clock that turns are timed by: libuv's in the addon, one that stands where a test puts it in tests.
#pragma once

#include <cstdint>

namespace corebuf {

class turn_clock {
 public:
  /// Nanoseconds since some moment in the past; never fewer than before.
  virtual uint64_t now_ns() const = 0;

  /// Nanoseconds that this thread has worked, that is, has not waited for events, since its event loop began.
  virtual uint64_t busy_ns() const = 0;

  /// Nanoseconds for which this thread has had a processor. Costs a system call.
  virtual uint64_t on_cpu_ns() const = 0;

 protected:
  ~turn_clock() = default;
};

}  // namespace corebuf
