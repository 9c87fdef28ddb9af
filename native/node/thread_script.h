// The JavaScript of this thread, interrupted by V8. An interrupt may run long after it was asked for, when
// the environment is gone or another one has come: it carries no pointer and finds the reporter of its thread
// by a thread_local variable.
#pragma once

#include "node/script_interrupt.h"
#include "turn/running_script.h"

namespace corebuf {

class thread_script final : public running_script {
 public:
  bool watch(stall_reporter& reporter) override;
  void unwatch() override;
  void interrupt() override;

 private:
  v8::Isolate* isolate_ = nullptr;  // null where V8 cannot interrupt: then reports have no stack
};

}  // namespace corebuf
