// The one file that is compiled with exceptions: std::thread throws, and what asks the system without it would tie the binary
// to a newer glibc than it needs (pthread_create@GLIBC_2.34).
#include "base/background_thread.h"

#include <csignal>

namespace corebuf {

bool background_thread::start(void (*run)(void* context), void* context) {
  // On Linux sigprocmask is the calling thread's own; pthread_sigmask would ask for glibc 2.32.
  sigset_t all, before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, &before);
  try {
    thread_ = std::thread(run, context);
  } catch (...) {
  }
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  return started();
}

}  // namespace corebuf
