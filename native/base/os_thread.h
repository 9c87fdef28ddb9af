// Threads, as the operating system knows them.
#pragma once

#include <csignal>

namespace corebuf::os_thread {

/// Blocks all signals of the calling thread alone, until the object is destroyed. A thread that is started meanwhile has them blocked
/// for its life.
class signals_blocked {
 public:
  signals_blocked();
  ~signals_blocked();
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;

 private:
  sigset_t before_;
};

/// Names the calling thread in the lists of the system, where it has such names. At most 15 characters.
void set_name(const char* name);

}  // namespace corebuf::os_thread
