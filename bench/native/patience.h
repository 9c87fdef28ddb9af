// Waiting for another thread: first busily, then yielding, because the other thread may need this processor.
#pragma once

#include <sched.h>

namespace corebuf::bench {

class patience {
 public:
  void wait() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
    if (++spins_ % 1024 == 0) sched_yield();
  }

 private:
  unsigned spins_ = 0;
};

}  // namespace corebuf::bench
