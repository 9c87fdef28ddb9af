#include "io/io_scheduler.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace corebuf {
namespace {

/// Virtual time of one byte at one share: shares divide it, and what is lost in the division is nothing.
constexpr uint64_t time_unit = 1024;

bool takes_turns(io_op op) { return op == io_op::read || op == io_op::write; }

uint64_t bytes_asked(const io_request& request) {
  uint64_t bytes = 0;
  for (uint32_t index = 0; index < request.vector_count; ++index) bytes += request.vectors[index].iov_len;
  return bytes;
}

}  // namespace

uint64_t io_scheduler::steady_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

io_scheduler::io_scheduler(std::unique_ptr<io_engine> inner, io_classes& classes, io_bounds bounds, clock now_us)
    : inner_(std::move(inner)), classes_(classes), bounds_(bounds), now_us_(now_us) {
  ASSERT(bounds.alone.requests > 0 && bounds.alone.bytes > 0);
  ASSERT(bounds.shared.requests > 0 && bounds.shared.bytes > 0);
}

void io_scheduler::submit(io_request& request) {
  accept(request);
  request.scheduler = this;
  request.told = std::exchange(request.complete, [](io_request& done) { done.scheduler->returned(done); });
  if (!takes_turns(request.op)) return inner_->submit(request);

  request.bytes = bytes_asked(request);
  work& own = works_[request.work];
  if (own.queue.empty()) own.time = std::max(own.time, time_);
  own.queue.push_back(&request);
  ++queued_;
  ++classes_[request.work].queued;
}

void io_scheduler::flush() {
  if (queued_ > 0) hand_over();
  inner_->flush();
  stats_.submits = inner_->stats().submits;
}

void io_scheduler::hand_over() {
  if (flush_owed_) count_waiting();
  const competition now = compete();
  while (work* chosen = choose(now)) start(*chosen);
  flush_owed_ = queued_ > 0;
  if (!flush_owed_) return;
  ASSERT(requests_ > 0);  // so there will be a reap()
  flushed_at_us_ = now_us_();
  for (size_t number = 0; number < classes_.size(); ++number) works_[number].held = works_[number].queue.size();
}

/// What the last flush held back has waited since then. The clock is asked only while something waits.
void io_scheduler::count_waiting() {
  const uint64_t waited_us = now_us_() - flushed_at_us_;
  for (size_t number = 0; number < classes_.size(); ++number) {
    classes_[number].waited_us += works_[number].held * waited_us;
    works_[number].held = 0;
  }
}

io_scheduler::competition io_scheduler::compete() const {
  competition now;
  for (size_t number = 0; number < classes_.size(); ++number) {
    if (!works_[number].active()) continue;
    now.alone = now.shares == 0;
    now.shares += classes_[number].shares;
  }
  return now;
}

/// The class that is furthest behind; nullptr when nothing may be handed over.
io_scheduler::work* io_scheduler::choose(const competition& now) {
  size_t next = io_classes_max;
  for (size_t number = 0; number < classes_.size(); ++number) {
    if (works_[number].queue.empty()) continue;
    if (next == io_classes_max || works_[number].time < works_[next].time) next = number;
  }
  if (next == io_classes_max || !has_room(works_[next], classes_[next].shares, now)) return nullptr;
  return &works_[next];
}

/// Whoever comes when the engine is full of others' work, and has less of its own there than its part, need not wait for them.
bool io_scheduler::has_room(const work& next, uint32_t shares, const competition& now) const {
  const io_limits& limits = now.alone ? bounds_.alone : bounds_.shared;
  if (requests_ < limits.requests && bytes_ < limits.bytes) return true;
  if (now.alone) return false;
  return next.requests < limits.requests * shares / now.shares && next.bytes < limits.bytes * shares / now.shares;
}

void io_scheduler::start(work& chosen) {
  io_request& request = *chosen.queue.pop_front();
  io_class& its = classes_[request.work];
  time_ = std::max(time_, chosen.time);
  chosen.time += (io_request_cost + request.bytes) * time_unit / its.shares;
  ++chosen.requests;
  chosen.bytes += request.bytes;
  ++requests_;
  bytes_ += request.bytes;
  --queued_;
  --its.queued;
  ++its.in_flight;
  inner_->submit(request);
}

void io_scheduler::returned(io_request& request) {
  request.complete = request.told;
  if (takes_turns(request.op)) {
    work& own = works_[request.work];
    io_class& its = classes_[request.work];
    --own.requests;
    own.bytes -= request.bytes;
    --requests_;
    bytes_ -= request.bytes;
    --its.in_flight;
    ++its.completed;
    if (request.result > 0) its.bytes += static_cast<uint64_t>(request.result);
  }
  finish(request, request.result);
}

size_t io_scheduler::reap(size_t most) {
  const size_t done = inner_->reap(most);
  if (flush_owed_) flush();
  stats_.submits = inner_->stats().submits;
  return done;
}

void io_scheduler::drain() {
  while (!idle()) {
    flush();
    inner_->drain();
  }
  stats_.submits = inner_->stats().submits;
  DEBUG_ASSERT((invariant(), true));
}

void io_scheduler::invariant() const {
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
  ASSERT(stats_.in_flight == queued_ + inner_->stats().in_flight);
}

}  // namespace corebuf
