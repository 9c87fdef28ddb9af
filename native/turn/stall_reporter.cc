#include "turn/stall_reporter.h"

namespace corebuf {

void stall_reporter::open(uint32_t threshold_us) {
  if (open_ || !script_.watch(*this)) return;
  open_ = true;
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
  script_.unwatch();
  open_ = false;
}

std::span<char> stall_reporter::stack_wanted() {
  if (!turn_.found_overdue() || !limit_.allows(clock_.now_ns())) return {};
  return stack_;
}

void stall_reporter::stack_taken(size_t length) {
  if (area_.outgoing != nullptr) handler_ = area_.word(outgoing_word::running);
  stack_length_ = length;
}

void stall_reporter::turn_ended(uint64_t stalled_ns, uint64_t on_cpu_ns) {
  turn_.end();
  const size_t stack_length = std::exchange(stack_length_, 0);
  const uint32_t handler = std::exchange(handler_, 0);
  if (stalled_ns == 0) return;
  const uint64_t now = clock_.now_ns();
  if (waiting() || !limit_.allows(now)) {
    ++suppressed_;
    return;
  }
  // Where stalls are frequent, looks now and then find enough of them; an alert watch would take more of the processor than they.
  if (limit_.count(now)) stall_watch::get().alert();
  report_.emplace(stall_report{
      .blocked_us = stalled_ns / 1000,
      .on_cpu_us = on_cpu_ns / 1000,
      .suppressed = std::exchange(suppressed_, 0),
      .handler = handler,
      .stack = std::string(stack_.data(), stack_length),
  });
}

}  // namespace corebuf
