#include "io/io_scheduler.h"

#include <chrono>
#include <utility>

namespace corebuf {
namespace {

bool takes_turns(io_op op) { return op == io_op::read || op == io_op::write; }

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
  queue_of(request.device == nullptr ? unknown_ : *request.device).push(request);
  ++queued_;
}

/// A linear search, because a shard uses few devices.
device_queue& io_scheduler::queue_of(io_device& device) {
  for (const auto& queue : queues_) {
    if (&queue->device() == &device) return *queue;
  }
  return *queues_.emplace_back(std::make_unique<device_queue>(device, classes_, bounds_));
}

void io_scheduler::flush() {
  if (queued_ > 0) hand_over();
  inner_->flush();
  stats_.submits = inner_->stats().submits;
}

void io_scheduler::hand_over() {
  const uint64_t now_us = now_us_();
  queued_ = 0;
  for (const auto& queue : queues_) {
    if (queue->queued() > 0) queue->hand_over(*inner_, now_us);
    queued_ += queue->queued();
  }
  flush_owed_ = queued_ > 0;
}

void io_scheduler::returned(io_request& request) {
  request.complete = request.told;
  if (takes_turns(request.op)) request.queue->returned(request, reaped_us_);
  finish(request, request.result);
}

/// Reads the clock once for all requests of the batch.
size_t io_scheduler::reap(size_t most) {
  if (inner_->stats().in_flight > 0) reaped_us_ = now_us_();
  const size_t done = inner_->reap(most);
  if (done > 0) {
    for (const auto& queue : queues_) queue->settle(reaped_us_);
  }
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
  size_t queued = 0;
  for (const auto& queue : queues_) {
    queue->invariant();
    queued += queue->queued();
  }
  ASSERT(queued_ == queued);
  ASSERT(stats_.in_flight == queued_ + inner_->stats().in_flight);
}

}  // namespace corebuf
