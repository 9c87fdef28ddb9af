// A thread of our own. It inherits a mask of all signals, so no handler of the program ever runs on it, not even at its start. Unlike
// std::thread it says so when the system has none to give, which a limit of processes makes an ordinary thing.
#pragma once

#include <thread>

namespace corebuf {

class background_thread {
 public:
  background_thread() = default;
  background_thread(background_thread&&) = default;
  background_thread& operator=(background_thread&&) = delete;
  ~background_thread() { join(); }

  /// False when there is none; else `run` is called on it.
  [[nodiscard]] bool start(void (*run)(void* context), void* context);
  bool started() const { return thread_.joinable(); }
  void join() {
    if (started()) thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace corebuf
