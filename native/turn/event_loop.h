// The event loop of a thread, as its shard needs it. One pass of the loop is one turn:
//
//   after polling    drain lanes, reap I/O, one callback into JavaScript
//   before polling   flush outboxes, submit I/O; then sleep, or go round again while there is work
//
// An idle shard does not keep the loop alive, so that its process can end, except while hold() is in force. Every call but
// wake() is for the thread of the loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/assert.h"

namespace corebuf {

/// The loop calls these on its own thread, once per pass each.
class loop_client {
 public:
  virtual void after_poll() = 0;   // may call into JavaScript
  virtual bool before_poll() = 0;  // true when the thread may sleep

 protected:
  ~loop_client() = default;
};

class event_loop {
 public:
  static constexpr size_t watched_sockets = 4;  // before it: one per kind of I/O engine, and those with faults
  static constexpr size_t watched_socket = 5;   // the one that is watched without the poller
  static constexpr size_t watched_max = 6;

  /// Has the loop poll `fd` for reading as well, known as number `index`, below watched_max. False when memory is short.
  virtual bool watch(size_t index, int fd) = 0;
  /// No longer; the descriptor is still open.
  virtual void unwatch(size_t index) = 0;

  /// One more pass after that time, if the loop is still alive by then. A second call replaces the first.
  virtual void pass_in(uint64_t milliseconds) = 0;

  /// Ends the poll that is waiting, or the next one. Any thread, until the shard is detached.
  virtual void wake() = 0;

  /// The watched descriptors that polls have found readable since the last call: bit 0 for index 0, and so on.
  uint32_t take_readable() { return std::exchange(readable_, 0); }

  /// The loop stays alive while hold() has been called more often than let_go().
  void hold() {
    if (held_++ == 0) keep_alive(true);
  }
  void let_go() {
    ASSERT(held_ > 0);
    if (--held_ == 0) keep_alive(false);
  }

 protected:
  ~event_loop() = default;
  void found_readable(size_t index) { readable_ |= 1U << index; }
  void forget_readable(size_t index) { readable_ &= ~(1U << index); }

 private:
  virtual void keep_alive(bool alive) = 0;

  uint32_t readable_ = 0;
  size_t held_ = 0;
};

}  // namespace corebuf
