#include "node/uv_event_loop.h"

#include <algorithm>
#include <cstdlib>

#include "base/assert.h"

namespace corebuf {

namespace {

void close_handle(uv_handle_t*& handle) {
  if (handle == nullptr) return;
  uv_close(handle, [](uv_handle_t* closed) { std::free(closed); });
  handle = nullptr;
}

}  // namespace

uv_event_loop& uv_event_loop::loop_of(uv_handle_t* handle) {
  return *static_cast<uv_event_loop*>(uv_handle_get_data(handle));
}

uv_handle_t* uv_event_loop::open_handle(uv_handle_kind kind) {
  auto* handle = static_cast<uv_handle_t*>(std::calloc(1, uv_handle_size(kind)));
  if (handle != nullptr) uv_handle_set_data(handle, this);
  return handle;
}

bool uv_event_loop::open(uv_loop_t* loop, loop_client& client) {
  loop_ = loop;
  client_ = &client;
  async_ = open_handle(UV_ASYNC);
  prepare_ = open_handle(UV_PREPARE);
  check_ = open_handle(UV_CHECK);
  idle_ = open_handle(UV_IDLE);
  timer_ = open_handle(UV_TIMER);
  for (const uv_handle_t* handle : {async_, prepare_, check_, idle_, timer_}) {
    if (handle == nullptr) return false;
  }

  // The wake-up itself does nothing: it ends the poll, and the check follows each poll.
  if (uv_async_init(loop, async_, [](uv_handle_t*) {}) != 0) return false;
  uv_prepare_init(loop, prepare_);
  uv_check_init(loop, check_);
  uv_idle_init(loop, idle_);
  uv_timer_init(loop, timer_);
  uv_prepare_start(prepare_, [](uv_handle_t* handle) { loop_of(handle).before_poll(); });
  uv_check_start(check_, [](uv_handle_t* handle) { loop_of(handle).client_->after_poll(); });
  uv_unref(async_);
  uv_unref(prepare_);
  uv_unref(check_);
  uv_unref(idle_);
  uv_unref(timer_);
  return true;
}

bool uv_event_loop::watch(size_t index, int fd) {
  ASSERT(polls_[index] == nullptr);
  uv_handle_t* poll = open_handle(UV_POLL);
  if (poll == nullptr || uv_poll_init(loop_, poll, fd) != 0) {
    std::free(poll);
    return false;
  }
  start(poll);
  uv_unref(poll);
  polls_[index] = poll;
  return true;
}

void uv_event_loop::unwatch(size_t index) {
  close_handle(polls_[index]);
  forget_readable(index);
}

/// libuv stops to poll a socket with an error, which whoever reads it next is told.
void uv_event_loop::start(uv_handle_t* poll) {
  uv_poll_start(poll, UV_READABLE, [](uv_handle_t* handle, int status, int) {
    if (status != 0) start(handle);
    loop_of(handle).poll_ended(handle);
  });
}

void uv_event_loop::poll_ended(const uv_handle_t* poll) {
  found_readable(static_cast<size_t>(std::find(polls_.begin(), polls_.end(), poll) - polls_.begin()));
}

void uv_event_loop::close() {
  for (uv_handle_t*& poll : polls_) close_handle(poll);
  close_handle(idle_);
  close_handle(timer_);
  close_handle(check_);
  close_handle(prepare_);
  close_handle(async_);
  idling_ = false;
  take_readable();
}

void uv_event_loop::wake() { uv_async_send(async_); }

void uv_event_loop::pass_in(uint64_t milliseconds) {
  uv_timer_start(
      timer_, [](uv_handle_t*) {}, milliseconds, 0);
}

void uv_event_loop::before_poll() {
  const bool may_sleep = client_->before_poll();
  if (may_sleep == !idling_) return;
  idling_ = !may_sleep;
  if (idling_)
    uv_idle_start(idle_, [](uv_handle_t*) {});
  else
    uv_idle_stop(idle_);
}

void uv_event_loop::keep_alive(bool alive) {
  if (async_ == nullptr) return;
  if (alive)
    uv_ref(async_);
  else
    uv_unref(async_);
}

}  // namespace corebuf
