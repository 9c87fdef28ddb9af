#include "node/stall_reporter.h"

#include "node/exchange.h"

namespace corebuf {

namespace {

/// Where the facade writes which method is running, plus one (lib/calls.ts).
constexpr size_t word_running = exchange::words - 1;

thread_local stall_reporter* reporter_here = nullptr;

void script_entered(v8::Isolate*) {
  if (reporter_here != nullptr) reporter_here->turn_began();
}

}  // namespace

void stall_reporter::open(uint32_t threshold_us) {
  if (open_ || reporter_here != nullptr) return;
  open_ = true;
  reporter_here = this;
  if (interrupts_reachable()) {
    isolate_ = isolate_here();
    // Callbacks of sockets come before the check that follows a poll, and timers after it.
    on_script_entry(isolate_, script_entered);
  }
  set_threshold(threshold_us);
}

void stall_reporter::set_threshold(uint32_t threshold_us) {
  if (!open_) return;
  turn_.set_threshold(uint64_t{threshold_us} * 1000);
  if ((threshold_us > 0) == watched_) {
    if (watched_) stall_watch::get().rouse();
    return;
  }
  watched_ = threshold_us > 0;
  if (watched_)
    stall_watch::get().add(turn_);
  else
    stall_watch::get().remove(turn_);
  turn_.end();
}

void stall_reporter::close() {
  if (!open_) return;
  set_threshold(0);
  if (isolate_ != nullptr) off_script_entry(isolate_, script_entered);
  reporter_here = nullptr;
  open_ = false;
}

void stall_reporter::overdue() {
  if (isolate_ == nullptr) return;
  interrupt(isolate_, [](v8::Isolate* isolate) {
    if (reporter_here != nullptr) reporter_here->capture(isolate);
  });
}

void stall_reporter::capture(v8::Isolate* isolate) {
  if (!turn_.found_overdue() || !limit_.allows(monotonic_ns())) return;
  if (area_.outgoing != nullptr) handler_ = area_.word(word_running);
  stack_length_ = write_stack(isolate, stack_);
}

void stall_reporter::turn_ended(uint64_t stalled_ns) {
  turn_.end();
  const size_t stack_length = std::exchange(stack_length_, 0);
  const uint32_t handler = std::exchange(handler_, 0);
  if (stalled_ns == 0) return;
  const uint64_t now = monotonic_ns();
  if (waiting() || !limit_.allows(now)) {
    ++suppressed_;
    return;
  }
  limit_.count(now);
  report_.emplace(stall_report{
      .blocked_us = stalled_ns / 1000,
      .suppressed = std::exchange(suppressed_, 0),
      .handler = handler,
      .stack = std::string(stack_.data(), stack_length),
  });
}

}  // namespace corebuf
