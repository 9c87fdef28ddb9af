#include "io/thread_engine.h"

#include <cerrno>
#include <cstdint>
#include <new>
#include <utility>

#include "io/os_file.h"

namespace corebuf {

result<std::unique_ptr<io_engine>> thread_engine::open(size_t threads) {
  ASSERT(threads >= 1);
  result<wake_event> wake = wake_event::open();
  if (!wake.ok()) return wake.failure();
  std::unique_ptr<thread_engine> engine(new (std::nothrow) thread_engine(threads, std::move(wake.value())));
  if (engine == nullptr) return error_code::out_of_memory;
  if (!engine->start()) return error::from_errno(EAGAIN);
  return std::unique_ptr<io_engine>(std::move(engine));
}

thread_engine::thread_engine(size_t threads, wake_event wake) : wake_(std::move(wake)), threads_(threads) {}

bool thread_engine::start() {
  for (background_thread& thread : threads_) {
    if (!thread.start([](void* engine) { static_cast<thread_engine*>(engine)->run(); }, this)) return false;
  }
  return true;
}

thread_engine::~thread_engine() {
  ASSERT(idle());
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ::pthread_cond_broadcast(&work_);
  }
  for (background_thread& thread : threads_) thread.join();
  ::pthread_cond_destroy(&work_);
}

void thread_engine::submit(io_request& request) {
  accept(request);
  waiting_.push_back(&request);
}

void thread_engine::flush() {
  if (waiting_.empty()) return;
  ++stats_.submits;
  const size_t count = waiting_.size();
  const std::lock_guard lock(mutex_);
  queue_.splice(std::move(waiting_));
  if (count >= threads_.size()) {
    ::pthread_cond_broadcast(&work_);
  } else {
    for (size_t index = 0; index < count; ++index) ::pthread_cond_signal(&work_);
  }
}

/// Waits for a request; nullptr when the engine ends.
io_request* thread_engine::next_request() {
  const std::lock_guard lock(mutex_);
  while (queue_.empty() && !stopping_) ::pthread_cond_wait(&work_, mutex_.native_handle());
  return queue_.pop_front();
}

void thread_engine::run() {
  while (io_request* request = next_request()) {
    request->result = os_file::perform(*request);
    // Only the push that finds the stack empty signals; the others need not.
    if (done_.push(request)) wake_.signal();
  }
}

size_t thread_engine::reap(size_t most) {
  wake_.clear();  // before take_all(): a later push finds the stack empty and signals again
  ready_.splice(done_.take_all());
  size_t done = 0;
  for (; done < most && !ready_.empty(); ++done) {
    io_request& request = *ready_.pop_front();
    finish(request, request.result);
  }
  if (!ready_.empty()) wake_.signal();
  return done;
}

void thread_engine::drain() {
  while (!idle()) {
    flush();
    wake_.wait();
    reap(SIZE_MAX);
  }
}

}  // namespace corebuf
