#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "io/os_file.h"
#include "io/request_flags_linux.h"

namespace corebuf::os_file {

const bool has_durable_writes = true;
const bool has_allocation = true;

namespace {

/// pwritev2(2), for which musl has no function. Two registers hold the position where one has 32 bits. Sandboxes and emulators may lack the
/// call: then writes cannot have flags, and those without go the way that is there everywhere.
int64_t write(const io_request& request, off_t offset) {
  static_assert(sizeof(long) == sizeof request.offset);
  const int flags = write_flags(request);
  if (flags == 0) return ::pwritev(request.fd, request.vectors, static_cast<int>(request.vector_count), offset);
  const unsigned long count = request.vector_count;
  const long done = ::syscall(SYS_pwritev2, request.fd, request.vectors, count, request.offset, 0UL, flags);
  if (done < 0 && errno == ENOSYS) errno = EOPNOTSUPP;
  return done;
}

}  // namespace

int64_t perform(const io_request& request) {
  const int count = static_cast<int>(request.vector_count);
  const off_t offset = static_cast<off_t>(request.offset);
  int64_t done = 0;
  switch (request.op) {
    case io_op::read:
      done = ::preadv(request.fd, request.vectors, count, offset);
      break;
    case io_op::write:
      done = write(request, offset);
      break;
    case io_op::datasync:
      done = ::fdatasync(request.fd);
      break;
    case io_op::sync:
      done = ::fsync(request.fd);
      break;
    case io_op::allocate:
    case io_op::punch:
      done = ::fallocate(request.fd, allocation_mode(request.op), offset, static_cast<off_t>(request.length));
      break;
  }
  return done < 0 ? -errno : done;
}

result<uint64_t> device_size(int fd) {
  uint64_t bytes = 0;
  if (::ioctl(fd, BLKGETSIZE64, &bytes) != 0) return error::from_errno(errno);
  return bytes;
}

}  // namespace corebuf::os_file
