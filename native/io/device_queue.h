// The requests of one shard for one disk, in a queue for each class. Requests are submitted in proportion to
// the shares of the classes that have any, by start-time fair queueing (Goyal, Vin and Cheng, 1996): a
// request advances the clock of its class by cost / shares, and of the classes that have room in the device
// the one whose clock is lowest is next. A class that was idle has saved nothing up.
//
// While a class with a goal has work on the device (io_device), classes with fewer shares have only the room
// that the device leaves them, and their large requests are done in pieces: a request of 1 MiB would keep the
// disk from others until it ends. A class that has nothing in the device may always start one piece, so every
// class makes progress.
#pragma once

#include <array>

#include "base/bytes.h"
#include "base/intrusive_list.h"
#include "io/io_class.h"
#include "io/io_device.h"
#include "io/io_engine.h"

namespace corebuf {

/// More is submitted only below both limits. The last request may exceed the bytes.
struct io_limits {
  uint32_t requests;
  uint64_t bytes;
};

struct io_bounds {
  io_limits alone{256, 32 * MiB};  // when one class has work: as much as the queue of the engine takes
  io_limits shared{128, 8 * MiB};  // when several have work; each may have its share of this
};

/// Added to the bytes of a request for its cost.
inline constexpr uint64_t io_request_cost = 16 * KiB;

/// Bytes of a piece of a lower class's request while there is a guard: fewer where the room is small, an
/// eighth of the room where it is large.
inline constexpr uint64_t io_piece = 128 * KiB;
inline constexpr uint64_t io_piece_min = 32 * KiB;

/// A window of requests of the guard is judged when it has this number and this time, or has lasted for
/// io_window_us_max.
inline constexpr uint32_t io_window_requests = 20;
inline constexpr uint64_t io_window_us = io_adjust_us;
inline constexpr uint64_t io_window_us_max = 200'000;
/// Requests of a window that took longer than the goal are late. The window has missed the goal when so many
/// per mille are late, not counting the part that is late even with the least lower work, because the disk is
/// slow, or the shard is busy and sees its completions late.
inline constexpr uint32_t io_late_per_mille = 100;
inline constexpr uint32_t io_late_usual_max = 500;

class device_queue {
 public:
  device_queue(io_device& device, io_classes& classes, const io_bounds& bounds);
  ~device_queue();
  device_queue(const device_queue&) = delete;
  device_queue& operator=(const device_queue&) = delete;

  io_device& device() const { return device_; }

  void push(io_request& request);

  /// Submits to `inner` the requests that may start now.
  void hand_over(io_engine& inner, uint64_t now_us);

  /// To be called when `request` comes back from the engine. It has its original vectors again afterwards.
  void returned(io_request& request, uint64_t now_us);

  /// To be called after requests have returned.
  void settle(uint64_t now_us);

  size_t queued() const { return queued_; }
  uint32_t in_engine() const { return requests_; }

  void invariant() const;

 private:
  struct work {
    intrusive_list<io_request> queue;
    uint64_t time = 0;      // virtual time
    uint32_t requests = 0;  // inside the engine
    uint64_t bytes = 0;     // of those requests
    size_t held = 0;        // requests that the last hand_over() left in the queue
    uint32_t judged = 0;    // requests in the window
    uint32_t late = 0;      // late requests in the window
    bool active() const { return requests > 0 || !queue.empty(); }
  };
  /// The classes that have work for the device now.
  struct competition {
    uint64_t shares = 0;  // of all classes that have work
    bool alone = true;
    uint32_t guard = 0;        // shares of the guard; 0 when there is none
    uint64_t lower_bytes = 0;  // bytes of lower classes inside the engine
    uint64_t lower_room = 0;   // limit of lower_bytes
    bool pressed = false;      // lower work could use more
  };

  void count_waiting(uint64_t now_us);
  competition compete(uint64_t now_us);
  void stand_guard(uint64_t now_us);
  void enter_or_leave(bool lower);
  bool is_lower(size_t number, const competition& now) const { return classes_[number].shares < now.guard; }
  size_t choose(const competition& now) const;
  bool held_by_goal(size_t number, const competition& now) const;
  bool has_room(size_t number, const competition& now) const;
  void start(size_t number, competition& now, io_engine& inner, uint64_t now_us);
  void hold_back(competition& now, uint64_t now_us);
  void judge_window(uint64_t now_us);
  bool keeps_goal(uint32_t late_per_mille);

  io_device& device_;
  io_classes& classes_;
  const io_bounds& bounds_;
  std::array<work, io_classes_max> works_;
  uint64_t time_ = 0;      // virtual time of the request that was submitted last
  size_t queued_ = 0;      // in all queues
  uint32_t requests_ = 0;  // inside the engine
  uint64_t bytes_ = 0;
  bool holding_ = false;      // the last hand_over() has held requests back
  uint64_t handed_us_ = 0;    // the time of the last hand_over()
  uint64_t guarded_us_ = 0;   // when a class of this shard last reported its work to the device
  uint32_t guard_shares_ = 0;  // shares of that class
  uint64_t window_us_ = 0;    // when the first request of the window returned
  uint32_t window_requests_ = 0;  // requests of all classes in the window
  uint32_t late_usual_ = 0;       // per mille of the guard's requests that are late even with the least lower work
  bool entered_ = false;      // the device counts this shard among those with lower work
};

}  // namespace corebuf
