#include <sys/prctl.h>

#include "base/os_thread.h"

namespace corebuf::os_thread {

// On Linux sigprocmask changes the mask of the calling thread alone; pthread_sigmask would need glibc 2.32.
signals_blocked::signals_blocked() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, &before_);
}

signals_blocked::~signals_blocked() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

void set_name(const char* name) { ::prctl(PR_SET_NAME, name); }

}  // namespace corebuf::os_thread
