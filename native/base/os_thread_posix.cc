#include <pthread.h>

#include "base/os_thread.h"

namespace corebuf::os_thread {

// Not sigprocmask: on macOS it changes the masks of all threads of the process.
signals_blocked::signals_blocked() {
  sigset_t all;
  sigfillset(&all);  // a macro on macOS
  ::pthread_sigmask(SIG_BLOCK, &all, &before_);
}

signals_blocked::~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void set_name(const char*) {}

}  // namespace corebuf::os_thread
