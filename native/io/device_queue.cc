#include "io/device_queue.h"

#include <algorithm>

namespace corebuf {
namespace {

/// Virtual time of one byte at one share. Large enough that dividing it by shares loses nothing.
constexpr uint64_t time_unit = 1024;

/// Interval at which a guard reports that it still has work.
constexpr uint64_t guard_every_us = io_guard_us / 4;

/// Shortens the request to its first `bytes` bytes, which are fewer than it has, and at least 1.
void shorten(io_request& request, uint64_t bytes) {
  uint64_t left = bytes;
  uint32_t last = 0;
  while (left > request.vectors[last].iov_len) left -= request.vectors[last++].iov_len;
  request.vectors_cut = request.vector_count - (last + 1);
  request.vector_count = last + 1;
  request.bytes_cut = request.vectors[last].iov_len - left;
  request.vectors[last].iov_len = left;
  request.bytes = bytes;
  request.resumes = true;
}

/// Shortens the request to a piece of at most `room` bytes, but at least one step of those in which it may be
/// divided.
void shorten_below(io_request& request, uint64_t room) {
  if (request.divisible == 0) return;
  const uint64_t step = std::max<uint64_t>(request.divisible, 4 * KiB);
  const uint64_t piece = std::max<uint64_t>(align_down(room, step), step);
  if (piece < request.bytes) shorten(request, piece);
}

/// Many small pieces disturb others less than a few large ones of the same number of bytes.
uint64_t piece_of(uint64_t room) {
  return std::max({std::min(room, io_piece), room / 8, io_piece_min});
}

void lengthen_again(io_request& request) {
  request.vectors[request.vector_count - 1].iov_len += request.bytes_cut;
  request.vector_count += request.vectors_cut;
  request.bytes_cut = 0;
  request.vectors_cut = 0;
}

/// The time within which a request meets the goal of its class; a large request has this time for each piece.
uint64_t goal_of(const io_request& request, const io_class& its) {
  return its.goal_us * std::max<uint64_t>(1, (request.bytes + io_piece - 1) / io_piece);
}

}  // namespace

device_queue::device_queue(io_device& device, io_classes& classes, const io_bounds& bounds)
    : device_(device), classes_(classes), bounds_(bounds) {}

device_queue::~device_queue() {
  ASSERT(queued_ == 0 && requests_ == 0);
  enter_or_leave(false);
}

/// The rest of a shortened request goes before requests that came later.
void device_queue::push(io_request& request) {
  work& own = works_[request.work];
  request.bytes = bytes_asked(request);
  request.queue = this;
  if (own.queue.empty()) own.time = std::max(own.time, time_);
  if (request.resumes) own.queue.push_front(&request);
  else own.queue.push_back(&request);
  request.resumes = false;
  ++queued_;
  ++classes_[request.work].queued;
}

void device_queue::hand_over(io_engine& inner, uint64_t now_us) {
  if (holding_) count_waiting(now_us);
  competition now = compete(now_us);
  for (size_t next = choose(now); next < io_classes_max; next = choose(now)) start(next, now, inner, now_us);
  holding_ = queued_ > 0;
  if (holding_) hold_back(now, now_us);
  if (now.pressed) device_.press(now_us);
}

/// Counts the waiting of requests that the last hand_over() held back.
void device_queue::count_waiting(uint64_t now_us) {
  const uint64_t waited_us = now_us - handed_us_;
  for (size_t number = 0; number < classes_.size(); ++number) {
    classes_[number].waited_us += works_[number].held * waited_us;
    works_[number].held = 0;
  }
}

device_queue::competition device_queue::compete(uint64_t now_us) {
  stand_guard(now_us);
  competition now;
  now.guard = device_.guarded_shares(now_us);
  bool lower = false;
  for (size_t number = 0; number < classes_.size(); ++number) {
    const work& own = works_[number];
    if (!own.active()) continue;
    now.alone = now.shares == 0;
    now.shares += classes_[number].shares;
    if (!is_lower(number, now)) continue;
    lower = true;
    now.lower_bytes += own.bytes;
  }
  enter_or_leave(lower);
  if (lower) now.lower_room = device_.room();
  return now;
}

/// Reports the class of this shard that has a goal and the most shares to the device.
void device_queue::stand_guard(uint64_t now_us) {
  uint32_t shares = 0;
  for (size_t number = 0; number < classes_.size(); ++number) {
    const io_class& its = classes_[number];
    if (its.goal_us > 0 && works_[number].active()) shares = std::max(shares, its.shares);
  }
  if (shares == 0 || (shares == guard_shares_ && now_us < guarded_us_ + guard_every_us)) return;
  device_.guard(shares, now_us);
  guard_shares_ = shares;
  guarded_us_ = now_us;
}

void device_queue::enter_or_leave(bool lower) {
  if (lower == entered_) return;
  entered_ = lower;
  if (lower) device_.enter();
  else device_.leave();
}

/// The class whose clock is lowest among those that no goal holds back; io_classes_max when nothing may be
/// submitted.
size_t device_queue::choose(const competition& now) const {
  size_t next = io_classes_max;
  for (size_t number = 0; number < classes_.size(); ++number) {
    if (works_[number].queue.empty() || held_by_goal(number, now)) continue;
    if (next == io_classes_max || works_[number].time < works_[next].time) next = number;
  }
  return next < io_classes_max && has_room(next, now) ? next : io_classes_max;
}

bool device_queue::held_by_goal(size_t number, const competition& now) const {
  return is_lower(number, now) && works_[number].requests > 0 && now.lower_bytes >= now.lower_room;
}

/// A class need not wait for the others while it has less in the engine than its share, even when the engine
/// is full of the work of others.
bool device_queue::has_room(size_t number, const competition& now) const {
  const work& own = works_[number];
  const io_limits& limits = now.alone ? bounds_.alone : bounds_.shared;
  if (requests_ < limits.requests && bytes_ < limits.bytes) return true;
  if (now.alone) return false;
  const uint32_t shares = classes_[number].shares;
  return own.requests < limits.requests * shares / now.shares && own.bytes < limits.bytes * shares / now.shares;
}

void device_queue::start(size_t number, competition& now, io_engine& inner, uint64_t now_us) {
  work& own = works_[number];
  io_class& its = classes_[number];
  io_request& request = *own.queue.pop_front();
  if (is_lower(number, now)) {
    shorten_below(request, piece_of(now.lower_room));
    now.lower_bytes += request.bytes;
    now.pressed |= request.resumes;
  }
  time_ = std::max(time_, own.time);
  own.time += (io_request_cost + request.bytes) * time_unit / its.shares;
  ++own.requests;
  own.bytes += request.bytes;
  ++requests_;
  bytes_ += request.bytes;
  --queued_;
  --its.queued;
  ++its.in_flight;
  request.started_us = now_us;
  inner.submit(request);
}

/// Time that a class waits for room below a goal is not made up for later.
void device_queue::hold_back(competition& now, uint64_t now_us) {
  ASSERT(requests_ > 0);  // so a request will return
  handed_us_ = now_us;
  for (size_t number = 0; number < classes_.size(); ++number) {
    work& own = works_[number];
    own.held = own.queue.size();
    if (own.held == 0 || !is_lower(number, now)) continue;
    own.time = std::max(own.time, time_);
    now.pressed = true;
  }
}

void device_queue::returned(io_request& request, uint64_t now_us) {
  work& own = works_[request.work];
  io_class& its = classes_[request.work];
  --own.requests;
  own.bytes -= request.bytes;
  --requests_;
  bytes_ -= request.bytes;
  --its.in_flight;
  if (request.result > 0) its.bytes += static_cast<uint64_t>(request.result);
  const uint64_t took_us = now_us > request.started_us ? now_us - request.started_us : 0;
  its.latency.add(took_us);
  if (its.durations != nullptr) its.durations->add(took_us * 1000);
  if (!request.dsync) {  // a durable write also waits for the cache of the disk, which no limit here keeps free
    if (window_requests_++ == 0) window_us_ = now_us;
    ++own.judged;
    own.late += took_us > goal_of(request, its);
  }
  if (request.resumes) {
    request.resumes = request.result == static_cast<int64_t>(request.bytes);
    lengthen_again(request);
  }
  its.completed += !request.resumes;
}

void device_queue::settle(uint64_t now_us) {
  if (window_requests_ > 0 && now_us >= window_us_ + io_window_us) judge_window(now_us);
  if (!entered_) return;
  const uint32_t guard = device_.guarded_shares(now_us);
  bool lower = false;
  for (size_t number = 0; number < classes_.size(); ++number) {
    lower |= works_[number].active() && classes_[number].shares < guard;
  }
  enter_or_leave(lower);
}

/// Only requests of the guard count. When the guard is on another shard, that shard judges it.
void device_queue::judge_window(uint64_t now_us) {
  const uint32_t guard = device_.guarded_shares(now_us);
  uint32_t judged = 0, late = 0;
  for (size_t number = 0; number < classes_.size(); ++number) {
    if (classes_[number].shares < guard || classes_[number].goal_us == 0) continue;
    judged += works_[number].judged;
    late += works_[number].late;
  }
  if (judged < io_window_requests && now_us < window_us_ + io_window_us_max) return;
  if (judged > 0) device_.judge(keeps_goal(late * 1000 / judged), now_us);
  for (work& one : works_) one.judged = one.late = 0;
  window_requests_ = 0;
}

bool device_queue::keeps_goal(uint32_t late_per_mille) {
  const bool kept = late_per_mille <= late_usual_ + io_late_per_mille;
  const uint32_t usual = (7 * late_usual_ + late_per_mille) / 8;
  if (late_per_mille < late_usual_ || device_.at_least()) late_usual_ = std::min(usual, io_late_usual_max);
  return kept;
}

void device_queue::invariant() const {
  size_t queued = 0, requests = 0;
  uint64_t bytes = 0;
  for (const work& one : works_) {
    one.queue.invariant();
    queued += one.queue.size();
    requests += one.requests;
    bytes += one.bytes;
  }
  ASSERT(queued_ == queued);
  ASSERT(requests_ == requests);
  ASSERT(bytes_ == bytes);
}

}  // namespace corebuf
