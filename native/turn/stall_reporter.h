// Reports of the stalls of one JavaScript thread. While a turn is overdue the watch interrupts its
// JavaScript, and the stack is taken there; when the turn has ended, and its length is known, both become a
// report, which waits for the next turn.
//
// An interrupt may come long after its turn is over: stack_wanted() returns room only while a turn runs that
// was found overdue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "shard/stall_watch.h"
#include "turn/clock.h"
#include "turn/exchange.h"
#include "turn/report_limit.h"
#include "turn/running_script.h"

namespace corebuf {

struct stall_report {
  uint64_t blocked_us = 0;
  uint64_t on_cpu_us = 0;   // of these: see on_cpu_time.h
  uint64_t suppressed = 0;  // stalls since the last report that were not reported
  uint32_t handler = 0;     // the method that ran, plus one; 0 for none
  std::string stack;        // empty when the turn ended before it could be taken
};

class stall_reporter {
 public:
  stall_reporter(const exchange& area, const turn_clock& clock, running_script& script)
      : area_(area), clock_(clock), script_(script) {}
  stall_reporter(const stall_reporter&) = delete;
  stall_reporter& operator=(const stall_reporter&) = delete;

  /// On the thread whose turns are watched from now on.
  void open(uint32_t threshold_us);
  /// 0 ends the watch. Before open() and after close() this does nothing.
  void set_threshold(uint32_t threshold_us);
  void close();

  void turn_began() {
    if (watched_ && !turn_.running()) stall_watch::get().begin(turn_);
  }
  /// `stalled_ns` is the length of the turn when that was above the threshold, else 0; `on_cpu_ns` is how much of it had a processor.
  void turn_ended(uint64_t stalled_ns, uint64_t on_cpu_ns);

  bool waiting() const { return report_.has_value(); }
  std::optional<stall_report> take() { return std::exchange(report_, std::nullopt); }

  /// For running_script, inside the interrupted JavaScript: room for its stack, empty when no stack is
  /// wanted.
  std::span<char> stack_wanted();
  void stack_taken(size_t length);

 private:
  static constexpr size_t stack_max = 8192;

  const exchange& area_;
  const turn_clock& clock_;
  running_script& script_;
  // Its callback runs on the thread of the watch.
  watched_turn turn_{[](void* context) { static_cast<stall_reporter*>(context)->script_.interrupt(); }, this};
  bool open_ = false;
  bool watched_ = false;
  report_limit limit_;
  uint64_t suppressed_ = 0;
  uint32_t handler_ = 0;
  size_t stack_length_ = 0;
  std::array<char, stack_max> stack_;
  std::optional<stall_report> report_;
};

}  // namespace corebuf
