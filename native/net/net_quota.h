// How long one pass over sockets may take. The clock is read about once per 32 KiB of work, in which a socket counts as 2 KiB.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace corebuf {

/// The clock that the network goes by: the event loop's in the addon, one that stands where a test puts it in tests.
class net_clock {
 public:
  /// Microseconds since some moment in the past; never fewer than before.
  virtual uint64_t now_us() const = 0;

 protected:
  ~net_clock() = default;
};

class net_quota {
 public:
  static constexpr uint64_t time_us = 300;

  explicit net_quota(const net_clock& clock) : clock_(clock), now_us_(clock.now_us()), end_us_(now_us_ + time_us) {}

  /// One socket has been served, and `bytes` were moved.
  void spend(size_t bytes) {
    work_ += work_per_socket + bytes;
    if (work_ < work_per_look) return;
    work_ = 0;
    now_us_ = clock_.now_us();
  }

  bool spent() const { return now_us_ >= end_us_; }
  /// As of the last look.
  uint64_t now_us() const { return now_us_; }

 private:
  static constexpr size_t work_per_socket = 2 * KiB;
  static constexpr size_t work_per_look = 32 * KiB;

  const net_clock& clock_;
  uint64_t now_us_;
  const uint64_t end_us_;
  size_t work_ = 0;
};

}  // namespace corebuf
