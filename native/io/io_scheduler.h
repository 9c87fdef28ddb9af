// An engine in front of another one that decides which reads and writes go first: it has a device_queue for
// each device, which knows shares and goals.
//
//   submit ──▶ queue of its device and class ──flush──▶ inner engine ──reap──▶ complete
//
// Other operations than reads and writes are submitted at once: their cost is unknown, and a sync that waits
// makes others wait.
#pragma once

#include <memory>
#include <vector>

#include "io/device_queue.h"

namespace corebuf {

class io_scheduler final : public io_engine {
 public:
  using clock = uint64_t (*)();  // microseconds

  /// `classes` lives longer, and may be used by other schedulers too.
  io_scheduler(std::unique_ptr<io_engine> inner, io_classes& classes, io_bounds bounds = {}, clock now_us = steady_us);

  void submit(io_request& request) override;
  void flush() override;
  size_t reap(size_t most) override;
  void drain() override;
  int wake_fd() const override { return inner_->wake_fd(); }
  void wake() override { inner_->wake(); }
  const char* name() const override { return inner_->name(); }

  void invariant() const;

 private:
  static uint64_t steady_us();
  device_queue& queue_of(io_device& device);
  void hand_over();
  void returned(io_request& request);

  const std::unique_ptr<io_engine> inner_;
  io_classes& classes_;
  const io_bounds bounds_;
  const clock now_us_;
  io_device unknown_;  // where requests belong that name no device
  std::vector<std::unique_ptr<device_queue>> queues_;
  size_t queued_ = 0;        // in all of them
  uint64_t reaped_us_ = 0;   // when the last reap() began
  bool flush_owed_ = false;  // a flush() has held requests back
};

}  // namespace corebuf
