#include "node/thread_script.h"

#include "turn/stall_reporter.h"

namespace corebuf {

namespace {

thread_local stall_reporter* reporter_here = nullptr;

void script_entered(v8::Isolate*) {
  if (reporter_here != nullptr) reporter_here->turn_began();
}

void take_stack(v8::Isolate* isolate) {
  if (reporter_here == nullptr) return;
  const std::span<char> into = reporter_here->stack_wanted();
  if (!into.empty()) reporter_here->stack_taken(write_stack(isolate, into));
}

}  // namespace

bool thread_script::watch(stall_reporter& reporter) {
  if (reporter_here != nullptr) return false;
  reporter_here = &reporter;
  if (interrupts_reachable()) {
    isolate_ = isolate_here();
    // A turn may begin before after_poll(): callbacks of sockets come before the check phase, and timers
    // after it.
    on_script_entry(isolate_, script_entered);
  }
  return true;
}

void thread_script::unwatch() {
  if (isolate_ != nullptr) off_script_entry(isolate_, script_entered);
  reporter_here = nullptr;
}

void thread_script::interrupt() {
  if (isolate_ != nullptr) corebuf::interrupt(isolate_, take_stack);
}

}  // namespace corebuf
