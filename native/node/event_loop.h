// A shard's place in the event loop of its thread. One pass of the loop is one turn:
//
//   check    (after polling)   drain lanes, reap I/O, one callback into JavaScript
//   prepare  (before polling)  flush outboxes, submit I/O; then sleep, or go round again while there is work
//
// Handles are unreferenced, so that an idle shard lets its process end, except while hold() is in force.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "node/uv.h"

namespace corebuf {

/// What the loop drives. Called on the thread of the loop.
class loop_client {
 public:
  virtual void after_poll() = 0;   // true work; may call into JavaScript
  virtual bool before_poll() = 0;  // true when the thread may sleep

 protected:
  ~loop_client() = default;
};

class event_loop {
 public:
  event_loop() = default;
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;

  bool open(uv_loop_t* loop, loop_client& client);
  /// Polls `fd` as well, which is known as `place`.
  bool watch(size_t place, int fd);
  /// Which places polls have found readable since they were taken last: bit 0 for place 0, and so on.
  uint32_t take_readable() { return std::exchange(readable_, 0); }
  /// No callback comes after this. The handles free themselves when the loop has closed them.
  void close();

  void wake();  // any thread, until close()

  /// One more pass after that time, if the loop is still alive by then. Asked for again, it starts anew.
  void pass_in(uint64_t milliseconds);

  /// Nanoseconds that this thread has worked, that is, has not waited for events, since the loop began.
  uint64_t busy_ns() const;

  /// The loop stays alive while more was held than let go.
  void hold();
  void let_go();

 private:
  uv_handle_t* open_handle(uv_handle_kind kind);
  static event_loop& loop_of(uv_handle_t* handle);
  static loop_client& client_of(uv_handle_t* handle);
  void before_poll();
  void found_readable(const uv_handle_t* poll);

  uv_loop_t* loop_ = nullptr;
  loop_client* client_ = nullptr;
  uv_handle_t* async_ = nullptr;
  uv_handle_t* prepare_ = nullptr;
  uv_handle_t* check_ = nullptr;
  uv_handle_t* timer_ = nullptr;
  uv_handle_t* idle_ = nullptr;             // while it runs, polling does not block
  static constexpr size_t watched_max = 4;  // one per kind of engine, and those with faults
  std::array<uv_handle_t*, watched_max> polls_{};
  bool idling_ = false;
  uint32_t readable_ = 0;
  size_t held_ = 0;
};

}  // namespace corebuf
