// The contract between a shard and the kernel: submit, flush, reap. One engine belongs to one shard, and only
// the thread that opened it calls it. Two implementations pass one test suite: uring_engine (on Linux), thread_engine.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/shard_id.h"
#include "io/io_request.h"

namespace corebuf {

struct io_stats {
  uint64_t reads = 0;  // completed, including failed ones; likewise writes and syncs
  uint64_t writes = 0;
  uint64_t syncs = 0;
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
  uint64_t submits = 0;  // times that work was submitted: system calls, or wake-ups of the pool
  uint64_t in_flight = 0;  // submitted and not completed
};

class io_engine {
 public:
  io_engine() = default;
  virtual ~io_engine() { ASSERT(idle()); }  // call drain() first
  io_engine(const io_engine&) = delete;
  io_engine& operator=(const io_engine&) = delete;

  /// Takes the request, which reaches the kernel at the next flush(). Never fails: a refusal of the kernel
  /// becomes the result of the request, and requests for which there is no room wait inside the engine.
  virtual void submit(io_request& request) = 0;

  /// Submits everything since the last flush to the kernel, with one system call where the kernel allows it.
  virtual void flush() = 0;

  /// Completes at most `most` requests that are done; never blocks. Returns how many. `complete` may free its
  /// request, submit and flush. Submits requests for which an earlier flush() found no room.
  virtual size_t reap(size_t most) = 0;

  /// Blocks until nothing is in flight: flushes and completes everything, including requests that `complete`
  /// submits. For the end of a shard, and for tests. Must not be called from `complete`.
  virtual void drain() = 0;

  /// A descriptor that polls readable when reap() has something to do, and sometimes when it has not. Level
  /// triggered: reap() clears it, and leaves it readable when it stops at `most`.
  virtual int wake_fd() const = 0;

  /// Makes wake_fd() readable until the next reap().
  virtual void wake() = 0;

  virtual const char* name() const = 0;  // "io_uring" or "threads"

  const io_stats& stats() const { return stats_; }
  bool idle() const { return stats_.in_flight == 0; }

 protected:
  /// Every implementation calls accept() once as a request comes in and finish() once as it goes out.
  void accept(const io_request& request);
  void finish(io_request& request, int64_t result);

  io_stats stats_;

 private:
  const shard_id home_ = current_shard;
};

}  // namespace corebuf
