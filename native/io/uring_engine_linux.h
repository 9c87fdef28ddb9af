// io_engine over io_uring: one system call submits a batch, and completions need no thread. At most
// uring_queue_depth requests are in the kernel; the completion ring holds as many, so it cannot overflow.
//
//   submit ──▶ waiting_ ──flush──▶ kernel ──reap──▶ complete
//                  └── refused by the kernel ──▶ refused_ ──reap──▶ complete
//
//   in_flight == waiting_ + in_kernel_ + refused_
#pragma once

#include <memory>

#include "base/intrusive_list.h"
#include "io/io_engine.h"
#include "io/uring_linux.h"
#include "io/wake_event.h"

namespace corebuf {

/// This package cancels no request. The kernel does, before it has begun, when signals keep it from starting
/// a thread for a request that has to wait. Such a request is submitted again, at most so often.
inline constexpr uint8_t uring_cancellations_max = 64;

class uring_engine final : public io_engine {
 public:
  /// To be called on the thread that will use it. The errno of the kernel where io_uring is forbidden (EPERM)
  /// or missing (ENOSYS).
  static result<std::unique_ptr<io_engine>> open(uring_setup setup = uring_setup::defer);

  void submit(io_request& request) override;
  void flush() override;
  size_t reap(size_t most) override;
  void drain() override;
  int wake_fd() const override { return wake_.fd(); }
  void wake() override { wake_.signal(); }
  const char* name() const override { return "io_uring"; }

  uring_setup setup() const { return ring_.setup(); }
  void invariant() const;

 private:
  uring_engine(uring ring, wake_event wake) : ring_(std::move(ring)), wake_(std::move(wake)) {}

  uint32_t fill_batch();
  void refuse_batch(uint32_t count, int os_errno);

  uring ring_;
  wake_event wake_;
  intrusive_list<io_request> waiting_;
  intrusive_list<io_request> refused_;
  uint32_t in_kernel_ = 0;
  bool flush_owed_ = false;  // a flush() has found no room for all of waiting_
};

}  // namespace corebuf
