#include "io/dma_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "io/file_status.h"
#include "io/os_file.h"

namespace corebuf {

namespace {

bool has_positions(uint32_t mode) { return S_ISREG(mode) || S_ISBLK(mode) || S_ISCHR(mode); }

}  // namespace

result<dma_file> dma_file::adopt(int fd, bool direct) {
  dma_file adopted;
  adopted.fd_ = unique_fd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!adopted.fd_.valid()) return error::from_errno(errno);
  const auto status = status_of(adopted.fd());
  if (!status) return status.failure();
  // A read of a pipe, a socket or an eventfd may never end, and the thread could not end before it.
  if (!has_positions(status.value().mode)) return error::from_errno(ESPIPE);
  adopted.direct_ = make_direct(adopted.fd(), direct);
  adopted.alignment_ = adopted.direct_ ? probe_alignment(adopted.fd()) : io_alignment{1, 1, "buffered"};
  adopted.device_ = &io_device::of(status.value().device_major, status.value().device_minor);
  return adopted;
}

result<uint64_t> dma_file::size() const {
  const auto status = status_of(fd());
  if (!status) return status.failure();
  if (!S_ISBLK(status.value().mode)) return status.value().size;
  return os_file::device_size(fd());
}

result<bool> dma_file::try_lock() const {
  if (::flock(fd(), LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return error::from_errno(errno);
}

}  // namespace corebuf
