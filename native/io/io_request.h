// One operation on a file: what the caller asks and what the kernel answered. The caller owns it and
// keeps it, its vectors and the memory they name alive until `complete` has been called, exactly once,
// on the shard that submitted it.
#pragma once

#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/uio.h>

#include <cstdint>

namespace corebuf {

class io_scheduler;

enum class io_op : uint8_t {
  read,
  write,
  datasync,
  sync,
  allocate,  // blocks for a range, which reads as zeros; the file grows where the range ends behind it
  punch,     // gives the blocks of a range back; it reads as zeros, and the size stays
};

struct io_request {
  io_request* next = nullptr;  // the engine's, while the request is in its hands
  uint8_t cancellations = 0;   // the engine's, too

  io_op op = io_op::read;
  bool dsync = false;  // write only: complete when the bytes of this request are durable (RWF_DSYNC)
  int fd = -1;
  uint64_t offset = 0;
  uint64_t length = 0;             // allocate and punch only
  const iovec* vectors = nullptr;  // read and write only
  uint32_t vector_count = 0;       // 1 … io_vectors_max

  uint8_t work = 0;  // the number of its io_class

  // The scheduler's, while the request is in its hands.
  uint64_t bytes = 0;
  io_scheduler* scheduler = nullptr;
  void (*told)(io_request& request) = nullptr;

  int64_t result = 0;  // bytes done, or -errno
  void (*complete)(io_request& request) = nullptr;
};

/// What fallocate(2) calls it.
constexpr int allocation_mode(io_op op) {
  return op == io_op::punch ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE : 0;
}

/// What pwritev2(2) calls it. A kernel or a file system without it says EOPNOTSUPP.
constexpr int write_flags(const io_request& request) { return request.dsync ? RWF_DSYNC : 0; }

/// What Linux takes in one vectored call (UIO_MAXIOV).
inline constexpr uint32_t io_vectors_max = 1024;

}  // namespace corebuf
