// The event loop of one thread of Node, and its clock: `after_poll` is libuv's check phase, `before_poll` its
// prepare phase.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/os_thread.h"
#include "node/uv.h"
#include "turn/clock.h"
#include "turn/event_loop.h"

namespace corebuf {

class uv_event_loop final : public event_loop, public turn_clock {
 public:
  uv_event_loop() = default;
  uv_event_loop(const uv_event_loop&) = delete;
  uv_event_loop& operator=(const uv_event_loop&) = delete;

  /// False when memory is short; then close() must follow.
  bool open(uv_loop_t* loop, loop_client& client);
  /// No callback comes after this. The handles free themselves when the loop has closed them.
  void close();

  bool watch(size_t index, int fd) override;
  void unwatch(size_t index) override;
  void pass_in(uint64_t milliseconds) override;
  void wake() override;  // until close()

  uint64_t now_ns() const override { return uv_hrtime(); }
  uint64_t busy_ns() const override { return uv_hrtime() - uv_metrics_idle_time(loop_); }
  uint64_t on_cpu_ns() const override { return os_thread::on_cpu_ns(); }

 private:
  void keep_alive(bool alive) override;
  uv_handle_t* open_handle(uv_handle_kind kind);
  static uv_event_loop& loop_of(uv_handle_t* handle);
  void before_poll();
  static void start(uv_handle_t* poll);
  void poll_ended(const uv_handle_t* poll);

  uv_loop_t* loop_ = nullptr;
  loop_client* client_ = nullptr;
  uv_handle_t* async_ = nullptr;
  uv_handle_t* prepare_ = nullptr;
  uv_handle_t* check_ = nullptr;
  uv_handle_t* timer_ = nullptr;
  uv_handle_t* idle_ = nullptr;  // polling does not block while this runs
  std::array<uv_handle_t*, watched_max> polls_{};
  bool idling_ = false;
};

}  // namespace corebuf
