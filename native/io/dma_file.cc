#include "io/dma_file.h"

#include <fcntl.h>

#include <cerrno>

#include "io/file_status.h"

namespace corebuf {

result<dma_file> dma_file::adopt(int fd) {
  dma_file adopted;
  adopted.fd_ = unique_fd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!adopted.fd_.valid()) return error::from_errno(errno);
  adopted.direct_ = accepts_direct(adopted.fd());
  // Who has said that it cannot may still refuse what is not aligned.
  if (!adopted.direct_) go_through_page_cache(adopted.fd());
  adopted.alignment_ = adopted.direct_ ? probe_alignment(adopted.fd()) : io_alignment{1, 1, "buffered"};
  return adopted;
}

result<uint64_t> dma_file::size() const {
  const auto status = status_of(fd());
  if (!status) return status.failure();
  return status.value().size;
}

}  // namespace corebuf
