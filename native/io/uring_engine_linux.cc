#include "io/uring_engine_linux.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <new>

#include "base/bytes.h"
#include "io/request_flags_linux.h"

namespace corebuf {
namespace {

/// A request of one vector uses the operation without a list of vectors, which the kernel would have to copy
/// and keep: that is a sixteenth of the cost of a read of 4 KiB.
void fill_memory(io_uring_sqe& entry, const io_request& request) {
  const bool reads = request.op == io_op::read;
  const iovec& first = *request.vectors;
  if (request.vector_count > 1 || first.iov_len > UINT32_MAX) {
    entry.opcode = reads ? IORING_OP_READV : IORING_OP_WRITEV;
    entry.addr = address_of(request.vectors);
    entry.len = request.vector_count;
  } else {
    entry.opcode = reads ? IORING_OP_READ : IORING_OP_WRITE;
    entry.addr = address_of(first.iov_base);
    entry.len = static_cast<uint32_t>(first.iov_len);
  }
}

void fill_entry(io_uring_sqe& entry, const io_request& request) {
  entry.fd = request.fd;
  entry.user_data = address_of(&request);
  switch (request.op) {
    case io_op::read:
    case io_op::write:
      fill_memory(entry, request);
      entry.off = request.offset;
      entry.rw_flags = write_flags(request);
      break;
    case io_op::datasync:
      entry.fsync_flags = IORING_FSYNC_DATASYNC;
      [[fallthrough]];
    case io_op::sync:
      entry.opcode = IORING_OP_FSYNC;
      break;
    case io_op::allocate:
    case io_op::punch:
      entry.opcode = IORING_OP_FALLOCATE;
      entry.off = request.offset;
      entry.addr = request.length;  // the order of fields that fallocate has (io_uring_enter(2))
      entry.len = static_cast<uint32_t>(allocation_mode(request.op));
      break;
  }
}

}  // namespace

result<std::unique_ptr<io_engine>> uring_engine::open(uring_setup setup) {
  result<uring> ring = uring::open(uring_queue_depth, setup);
  if (!ring.ok()) return ring.failure();
  ASSERT(ring.value().entries() >= uring_queue_depth);
  result<wake_event> wake = wake_event::open();
  if (!wake.ok()) return wake.failure();
  const result<uint32_t> registered = ring.value().signal_through(wake.value().fd());
  if (!registered.ok()) return registered.failure();

  std::unique_ptr<io_engine> engine(
      new (std::nothrow) uring_engine(std::move(ring.value()), std::move(wake.value())));
  if (engine == nullptr) return error_code::out_of_memory;
  return engine;
}

void uring_engine::submit(io_request& request) {
  accept(request);
  request.cancellations = 0;
  waiting_.push_back(&request);
}

void uring_engine::flush() {
  while (!waiting_.empty() && in_kernel_ < uring_queue_depth) {
    const uint32_t count = fill_batch();
    const result<uint32_t> taken = ring_.submit(count);
    ++stats_.submits;
    if (!taken.ok() || taken.value() == 0) {
      const int os_errno = taken.ok() ? EAGAIN : taken.failure().os_errno;
      const bool passes = os_errno == EAGAIN || os_errno == EBUSY;  // the kernel is short of memory for now
      if (passes && in_kernel_ > 0) break;  // reap() tries again when something has completed
      refuse_batch(count, os_errno);        // otherwise nothing would wake this thread to try again
      continue;
    }
    for (uint32_t index = 0; index < taken.value(); ++index) waiting_.pop_front();
    in_kernel_ += taken.value();
  }
  flush_owed_ = !waiting_.empty();
  ASSERT(in_kernel_ <= uring_queue_depth);
}

/// The first requests stay in waiting_ until the kernel has taken them.
uint32_t uring_engine::fill_batch() {
  const uint32_t room = uring_queue_depth - in_kernel_;
  uint32_t count = 0;
  for (io_request* request = waiting_.front(); request != nullptr && count < room; request = request->next) {
    fill_entry(ring_.sqe(count++), *request);
  }
  return count;
}

void uring_engine::refuse_batch(uint32_t count, int os_errno) {
  for (uint32_t index = 0; index < count; ++index) {
    io_request* request = waiting_.pop_front();
    request->result = -os_errno;
    refused_.push_back(request);
  }
  wake_.signal();
}

size_t uring_engine::reap(size_t most) {
  if (ring_.task_work_waits()) ring_.run_task_work();
  // Clear after that call, because it signals for each completion that it makes. An event that was signalled
  // before the clear is seen below, as a completion, or as task work that came too late and must wake the
  // thread once more.
  wake_.clear();
  bool wake_again = ring_.task_work_waits();

  size_t done = 0;
  for (; done < most && !refused_.empty(); ++done) {
    io_request& request = *refused_.pop_front();
    finish(request, request.result);
  }
  for (io_uring_cqe entry; done < most && ring_.pop(entry);) {
    --in_kernel_;
    io_request& ended = *reinterpret_cast<io_request*>(static_cast<uintptr_t>(entry.user_data));
    if (entry.res == -ECANCELED && ended.cancellations++ < uring_cancellations_max) {
      waiting_.push_back(&ended);
      flush_owed_ = true;
      continue;
    }
    ++done;
    finish(ended, entry.res);
  }
  if (flush_owed_) flush();

  wake_again |= done == most && (!refused_.empty() || !ring_.empty());
  if (wake_again) wake_.signal();
  return done;
}

void uring_engine::drain() {
  while (!idle()) {
    flush();
    if (in_kernel_ > 0 && refused_.empty()) ring_.complete_at_least(1);
    reap(SIZE_MAX);
  }
  DEBUG_ASSERT((invariant(), true));
}

void uring_engine::invariant() const {
  waiting_.invariant();
  refused_.invariant();
  ASSERT(stats_.in_flight == waiting_.size() + in_kernel_ + refused_.size());
  ASSERT(in_kernel_ <= uring_queue_depth);
}

}  // namespace corebuf
