// Threads, as the operating system knows them.
#pragma once

#include <csignal>
#include <cstdint>
#include <ctime>

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

/// Nanoseconds for which the calling thread has had a processor. A system call.
inline uint64_t on_cpu_ns() {
  timespec had{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &had);
  return static_cast<uint64_t>(had.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(had.tv_nsec);
}

}  // namespace corebuf::os_thread
