// A descriptor that an event loop can poll: any thread signals it, the owner clears it. A thousand signals before a clear are one
// wake-up. It is an eventfd on Linux, and a pipe elsewhere.
#pragma once

#include "base/result.h"
#include "io/unique_fd.h"

namespace corebuf {

class wake_event {
 public:
  static result<wake_event> open();

  int fd() const { return fd_.get(); }
  void signal();  // any thread
  void clear();   // the owner only
  void wait();    // the owner only; blocks until it is signalled or a signal handler has run

 private:
  unique_fd fd_;
  unique_fd signal_fd_;  // the other end of a pipe; an eventfd has none
};

}  // namespace corebuf
