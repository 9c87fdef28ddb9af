// No write of POSIX is durable by itself, and no call of its gives blocks to a file or takes them away: files grow with their writes.
#include "io/os_file_posix.h"

#include <sys/uio.h>

#include <cerrno>

#include "io/os_file.h"

namespace corebuf::os_file {

const bool has_durable_writes = false;
const bool has_allocation = false;

int64_t perform(const io_request& request) {
  const int count = static_cast<int>(request.vector_count);
  const off_t offset = static_cast<off_t>(request.offset);
  int64_t done = 0;
  switch (request.op) {
    case io_op::read:
      done = ::preadv(request.fd, request.vectors, count, offset);
      break;
    case io_op::write:
      if (request.dsync) return -EOPNOTSUPP;
      done = ::pwritev(request.fd, request.vectors, count, offset);
      break;
    case io_op::datasync:
      done = sync_data(request.fd);
      break;
    case io_op::sync:
      done = sync_all(request.fd);
      break;
    case io_op::allocate:
    case io_op::punch:
      return -EOPNOTSUPP;
  }
  return done < 0 ? -errno : done;
}

}  // namespace corebuf::os_file
