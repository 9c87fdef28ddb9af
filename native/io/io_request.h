// One operation on a file: the request of the caller and the answer of the kernel. The caller owns it and
// keeps it, its vectors and their memory until `complete` has been called, exactly once, on the shard that
// submitted it.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

namespace corebuf {

class device_queue;
class io_device;
class io_scheduler;

enum class io_op : uint8_t {
  read,
  write,
  datasync,
  sync,
  allocate,  // makes blocks for a range, which reads as zeros; the file grows to the end of the range
  punch,     // frees the blocks of a range, which reads as zeros; the size stays
};

struct io_request {
  io_request* next = nullptr;  // used by the engine while it has the request
  uint8_t cancellations = 0;   // used by the engine, too

  io_op op = io_op::read;
  bool dsync = false;  // write only: complete when the bytes of this request are durable (RWF_DSYNC); EOPNOTSUPP where the system cannot
  int fd = -1;
  uint64_t offset = 0;
  uint64_t length = 0;             // allocate and punch only
  iovec* vectors = nullptr;        // read and write only; the scheduler may shorten one of them for a while
  uint32_t vector_count = 0;       // 1 … io_vectors_max

  uint8_t work = 0;             // the number of its io_class
  io_device* device = nullptr;  // where the file lies; nullptr: nobody knows
  uint32_t divisible = 0;       // the scheduler may do its first bytes alone, a multiple of so many; 0: it may not

  // Used by the scheduler while it has the request.
  uint64_t bytes = 0;
  uint64_t started_us = 0;
  uint32_t vectors_cut = 0;  // of its vectors, when it was shortened
  size_t bytes_cut = 0;      // of the last that is left
  bool resumes = false;      // it was shortened, and comes again for the rest
  io_scheduler* scheduler = nullptr;
  device_queue* queue = nullptr;
  void (*told)(io_request& request) = nullptr;

  int64_t result = 0;  // bytes done, or -errno
  void (*complete)(io_request& request) = nullptr;
};

/// The bytes that a read or write is about; 0 for other operations.
inline size_t bytes_asked(const io_request& request) {
  size_t bytes = 0;
  for (uint32_t index = 0; index < request.vector_count; ++index) bytes += request.vectors[index].iov_len;
  return bytes;
}

/// Most buffers of one vectored call, on Linux (UIO_MAXIOV) as on macOS (IOV_MAX).
inline constexpr uint32_t io_vectors_max = 1024;

}  // namespace corebuf
