// The two rings that a process shares with the kernel, by raw system calls (format: linux/io_uring.h). Only
// the thread that opened it may use it. It handles entries; uring_engine makes them from requests.
//
//   sqe(0) … sqe(n-1), submit(n)     ──▶  submission ring  ──▶  kernel
//   pop(), after run_task_work()     ◀──  completion ring  ◀──  kernel, which then signals the wake_event
#pragma once

#include <linux/io_uring.h>

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "io/os_engine.h"
#include "io/unique_fd.h"

namespace corebuf {

class uring {
 public:
  /// Tries `setup`, then the ones after it. The errno of the kernel when it allows none of them: ENOSYS,
  /// EPERM.
  static result<uring> open(uint32_t entries, uring_setup setup);

  uring() = default;
  uring(uring&&) = default;
  uring& operator=(uring&&) = default;

  uring_setup setup() const { return setup_; }
  uint32_t entries() const { return sq_mask_ + 1; }

  result<uint32_t> signal_through(int event_fd);

  /// Entry number `index` of the next batch, cleared.
  io_uring_sqe& sqe(uint32_t index);

  /// Submits the first `count` entries; returns how many of them the kernel took. The rest is forgotten: the
  /// caller still has the requests that the kernel refused, and the next batch begins at sqe(0) again.
  result<uint32_t> submit(uint32_t count);

  /// True when run_task_work() can make completions of finished requests (defer only).
  bool task_work_waits() const;
  void run_task_work() { complete_at_least(0); }
  /// Blocks until `count` completions can be popped.
  void complete_at_least(uint32_t count);

  bool empty() const;  // whether there is no completion to pop
  bool pop(io_uring_cqe& taken);

 private:
  class mapping {
   public:
    mapping() = default;
    ~mapping() { unmap(); }
    mapping(mapping&& other) noexcept { *this = static_cast<mapping&&>(other); }
    mapping& operator=(mapping&& other) noexcept;
    int map(int fd, uint64_t offset, size_t length);  // 0 or errno
    template <typename T>
    T* at(uint32_t offset) const {
      return reinterpret_cast<T*>(static_cast<char*>(address_) + offset);
    }

   private:
    void unmap();
    void* address_ = nullptr;
    size_t length_ = 0;
  };

  int map_rings(const io_uring_params& params);  // 0 or errno
  result<uint32_t> enter(uint32_t submitted, uint32_t completed_min, uint32_t flags);

  mapping sq_, cq_, sqes_;
  unique_fd fd_;
  uring_setup setup_ = uring_setup::plain;

  uint32_t* sq_tail_shared_ = nullptr;
  uint32_t* sq_flags_ = nullptr;
  io_uring_sqe* sqe_array_ = nullptr;
  uint32_t sq_mask_ = 0;
  uint32_t sq_tail_ = 0;

  uint32_t* cq_head_shared_ = nullptr;
  uint32_t* cq_tail_shared_ = nullptr;
  io_uring_cqe* cqe_array_ = nullptr;
  uint32_t cq_mask_ = 0;
};

}  // namespace corebuf
