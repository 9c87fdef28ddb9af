// A thread of this package. It starts with all signals blocked, so no signal handler of the program ever runs
// on it. Unlike std::thread it reports when the system cannot start a thread, which is ordinary where the
// number of processes is limited.
#pragma once

#include <thread>

namespace corebuf {

class background_thread {
 public:
  background_thread() = default;
  background_thread(background_thread&&) = default;
  background_thread& operator=(background_thread&&) = delete;
  ~background_thread() { join(); }

  /// Calls `run(context)` on a new thread. False when the system cannot start one.
  [[nodiscard]] bool start(void (*run)(void* context), void* context);
  bool started() const { return thread_.joinable(); }
  void join() {
    if (started()) thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace corebuf
