// One operation on a file: what the caller asks and what the kernel answered. The caller owns it and
// keeps it, its vectors and the memory they name alive until `complete` has been called, exactly once,
// on the shard that submitted it.
#pragma once

#include <sys/uio.h>

#include <cstdint>

namespace corebuf {

enum class io_op : uint8_t { read, write, datasync, sync };

struct io_request {
  io_request* next = nullptr;  // the engine's, while the request is in its hands

  io_op op = io_op::read;
  int fd = -1;
  uint64_t offset = 0;
  const iovec* vectors = nullptr;  // read and write only
  uint32_t vector_count = 0;       // 1 … io_vectors_max

  int64_t result = 0;  // bytes done, or -errno
  void (*complete)(io_request& request) = nullptr;
};

/// What Linux takes in one vectored call (UIO_MAXIOV).
inline constexpr uint32_t io_vectors_max = 1024;

}  // namespace corebuf
