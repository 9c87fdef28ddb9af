// The only file that is compiled with exceptions. std::thread throws when the system cannot start a thread;
// the alternative, pthread_create, would tie the binary to glibc 2.34.
#include "base/background_thread.h"

#include "base/os_thread.h"

namespace corebuf {

bool background_thread::start(void (*run)(void* context), void* context) {
  const os_thread::signals_blocked of_the_new_thread;
  try {
    thread_ = std::thread(run, context);
  } catch (...) {
  }
  return started();
}

}  // namespace corebuf
