// io_engine over io_uring: one system call hands over a batch, and completions cost no thread. At most
// uring_queue_depth requests are in the kernel; the completion ring holds as many, so it cannot overflow.
//
//   submit ──▶ waiting_ ──flush──▶ kernel ──reap──▶ complete
//                  └── refused by the kernel ──▶ refused_ ──reap──▶ complete
//
//   in_flight == waiting_ + in_kernel_ + refused_
#pragma once

#include <memory>

#include "base/chain.h"
#include "io/io_engine.h"
#include "io/uring.h"
#include "io/wake_event.h"

namespace corebuf {

inline constexpr uint32_t uring_queue_depth = 256;

/// Nobody here cancels anything: the kernel does, before it has begun, when signals keep it from starting a thread
/// for what has to wait. Such a request is handed over again, so often at most.
inline constexpr uint8_t uring_cancellations_max = 64;

class uring_engine final : public io_engine {
 public:
  /// On the thread that will use it. The kernel's errno where io_uring is forbidden (EPERM) or none (ENOSYS).
  static result<std::unique_ptr<io_engine>> open(uring_setup setup = uring_setup::defer);

  void submit(io_request& request) override;
  void flush() override;
  size_t reap(size_t most) override;
  void drain() override;
  int wake_fd() const override { return wake_.fd(); }
  const char* name() const override { return "io_uring"; }

  uring_setup setup() const { return ring_.setup(); }
  void invariant() const;

 private:
  uring_engine(uring ring, wake_event wake) : ring_(std::move(ring)), wake_(std::move(wake)) {}

  uint32_t fill_batch();
  void refuse_batch(uint32_t count, int os_errno);

  uring ring_;
  wake_event wake_;
  chain<io_request> waiting_;
  chain<io_request> refused_;
  uint32_t in_kernel_ = 0;
  bool flush_owed_ = false;  // a flush() found no room for all of waiting_
};

}  // namespace corebuf
