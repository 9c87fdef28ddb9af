// An engine in front of another one that decides whose reads and writes go first. Each class has a queue; at a flush, requests
// are handed over in proportion to the shares of the classes that have any, by start-time fair queueing (Goyal, Vin and
// Cheng, 1996): a request takes its class's clock forward by cost / shares, and the class that is furthest behind is next.
// Idleness saves nothing up. What is in the engine is bounded, so that who comes next is not behind a mountain of others.
//
//   submit ──▶ queue of its class ──flush──▶ inner engine ──reap──▶ complete
//
// Everything but reads and writes is handed over at once: nobody knows its cost, and a sync that waits makes others wait.
#pragma once

#include <array>
#include <memory>

#include "base/bytes.h"
#include "base/chain.h"
#include "io/io_class.h"
#include "io/io_engine.h"

namespace corebuf {

/// More is handed over only below both. One request may go beyond the bytes.
struct io_limits {
  uint32_t requests;
  uint64_t bytes;
};

struct io_bounds {
  io_limits alone{256, 32 * MiB};  // one class is at work: what the engine's own queue takes
  io_limits shared{128, 8 * MiB};  // several are. Each may have its part of this by shares, whatever the others have
};

/// A request costs as much as these bytes, and its own.
inline constexpr uint64_t io_request_cost = 16 * KiB;

class io_scheduler final : public io_engine {
 public:
  using clock = uint64_t (*)();  // microseconds

  /// `classes` outlives it, and may be others' too.
  io_scheduler(std::unique_ptr<io_engine> inner, io_classes& classes, io_bounds bounds = {}, clock now_us = steady_us);

  void submit(io_request& request) override;
  void flush() override;
  size_t reap(size_t most) override;
  void drain() override;
  int wake_fd() const override { return inner_->wake_fd(); }
  const char* name() const override { return inner_->name(); }

  void invariant() const;

 private:
  struct work {
    chain<io_request> queue;
    uint64_t time = 0;  // virtual
    uint32_t requests = 0;  // in the engine
    uint64_t bytes = 0;     // of these
    size_t held = 0;        // of the queue, by the last flush
    bool active() const { return requests > 0 || !queue.empty(); }
  };
  struct competition {
    uint64_t shares = 0;  // of all that are active
    bool alone = true;
  };

  static uint64_t steady_us();
  void hand_over();
  void count_waiting();
  competition compete() const;
  work* choose(const competition& now);
  bool has_room(const work& next, uint32_t shares, const competition& now) const;
  void start(work& chosen);
  void returned(io_request& request);

  const std::unique_ptr<io_engine> inner_;
  io_classes& classes_;
  const io_bounds bounds_;
  const clock now_us_;
  std::array<work, io_classes_max> works_;
  uint64_t time_ = 0;      // virtual: where the request stood that was handed over last
  size_t queued_ = 0;      // in all queues
  uint32_t requests_ = 0;  // in the engine
  uint64_t bytes_ = 0;
  bool flush_owed_ = false;  // a flush() held something back
  uint64_t flushed_at_us_ = 0;  // when
};

}  // namespace corebuf
