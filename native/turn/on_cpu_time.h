// For how much of a turn that was too long its thread had a processor. The rest of it the thread waited: for a processor, for a disk within
// a synchronous call, for another thread.
//
// The clock of a thread costs a system call, too much for each turn. It is read when the thread has worked for interval_ns since it was read
// last, and behind each turn that was too long. What it had counted before that turn is part of the answer, so that it may be too high, by
// less than interval_ns. One owner, one thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "turn/clock.h"

namespace corebuf {

class on_cpu_time {
 public:
  static constexpr uint64_t interval_ns = 500'000;

  /// Turns are measured from now on. Until then, turn_ended() returns the whole of a turn.
  void begin(const turn_clock& clock) { read(clock, clock.busy_ns()); }

  /// `stalled_ns` is the length of a turn that was too long, and 0 for others. Returns how much of it was on a processor.
  uint64_t turn_ended(const turn_clock& clock, uint64_t busy_ns, uint64_t stalled_ns) {
    if (stalled_ns == 0 && busy_ns - read_at_ns_ < interval_ns) return 0;
    return std::min(read(clock, busy_ns), stalled_ns);
  }

 private:
  /// Nanoseconds on a processor since the last reading.
  uint64_t read(const turn_clock& clock, uint64_t busy_ns) {
    const uint64_t before = on_cpu_ns_;
    on_cpu_ns_ = clock.on_cpu_ns();
    read_at_ns_ = busy_ns;
    return on_cpu_ns_ - before;
  }

  uint64_t read_at_ns_ = 0;
  uint64_t on_cpu_ns_ = 0;
};

}  // namespace corebuf
