// A descriptor that an event loop can poll: any thread signals it, the owner clears it. It is an eventfd,
// so a thousand signals before a clear are one wake-up.
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
  void wait();    // the owner only: blocks until it is signalled, or a signal handler has run

 private:
  unique_fd fd_;
};

}  // namespace corebuf
