// io_engine over a small pool of threads that make blocking calls, for systems and containers without
// io_uring. One lock passes a batch to the pool; results come back through a lock-free stack and one wake-up.
//
//   submit ──▶ waiting_ ──flush──▶ queue_ ──▶ threads ──▶ done_ ──reap──▶ ready_ ──▶ complete
#pragma once

#include <pthread.h>

#include <memory>
#include <mutex>
#include <vector>

#include "base/background_thread.h"
#include "base/intrusive_list.h"
#include "base/mpsc_stack.h"
#include "base/result.h"
#include "io/io_engine.h"
#include "io/wake_event.h"

namespace corebuf {

inline constexpr size_t thread_engine_threads = 4;

class thread_engine final : public io_engine {
 public:
  /// EAGAIN when the system cannot start a thread.
  static result<std::unique_ptr<io_engine>> open(size_t threads = thread_engine_threads);
  ~thread_engine() override;

  void submit(io_request& request) override;
  void flush() override;
  size_t reap(size_t most) override;
  void drain() override;
  int wake_fd() const override { return wake_.fd(); }
  void wake() override { wake_.signal(); }
  const char* name() const override { return "threads"; }

 private:
  thread_engine(size_t threads, wake_event wake);

  bool start();  // false when the system has not enough threads
  void run();
  io_request* next_request();

  wake_event wake_;
  intrusive_list<io_request> waiting_;  // home only
  intrusive_list<io_request> ready_;    // home only

  std::mutex mutex_;
  // Not std::condition_variable, whose wait() would need GLIBCXX_3.4.30, a libstdc++ of 2022.
  pthread_cond_t work_ = PTHREAD_COND_INITIALIZER;
  intrusive_list<io_request> queue_;  // under mutex_
  bool stopping_ = false;    // under mutex_

  mpsc_stack<io_request> done_;
  std::vector<background_thread> threads_;
};

}  // namespace corebuf
