// The stalls of one JavaScript thread. While a turn is overdue the watch interrupts its JavaScript, and the stack is taken there;
// when the turn has ended, and its length is known, that becomes a report, which waits for the next turn.
//
// An interrupt may come when its turn is long over, or the thread has shut: it carries no pointer, finds the
// reporter of its thread by itself, and does nothing unless the turn that runs is the one that was found overdue.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "node/report_limit.h"
#include "node/script_interrupt.h"
#include "shard/stall_watch.h"

namespace corebuf {

struct exchange;

struct stall_report {
  uint64_t blocked_us = 0;
  uint64_t suppressed = 0;  // stalls since the last report that were not reported
  uint32_t handler = 0;     // the method that ran, plus one; 0 for none
  std::string stack;        // empty when the turn ended before it could be taken
};

class stall_reporter {
 public:
  explicit stall_reporter(const exchange& area) : area_(area) {}
  stall_reporter(const stall_reporter&) = delete;
  stall_reporter& operator=(const stall_reporter&) = delete;

  /// On the thread that it is of; turns are watched from now on.
  void open(uint32_t threshold_us);
  /// 0 ends the watch. While it is not open that is all.
  void set_threshold(uint32_t threshold_us);
  void close();

  void turn_began() {
    if (watched_ && !turn_.running()) stall_watch::get().begin(turn_);
  }
  /// `stalled_ns` is how long the turn was when that was too long, else 0.
  void turn_ended(uint64_t stalled_ns);

  bool waiting() const { return report_.has_value(); }
  std::optional<stall_report> take() { return std::exchange(report_, std::nullopt); }

 private:
  static constexpr size_t stack_max = 8192;

  void overdue();                      // on the thread of the watch
  void capture(v8::Isolate* isolate);  // inside the overdue turn

  const exchange& area_;
  watched_turn turn_{[](void* context) { static_cast<stall_reporter*>(context)->overdue(); }, this};
  v8::Isolate* isolate_ = nullptr;
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
