#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "io/os_file.h"
#include "io/os_file_posix.h"

namespace corebuf::os_file {

namespace {

// Of sys/disk.h, which not every cross compiler brings.
constexpr unsigned long get_block_size = _IOR('d', 24, uint32_t);
constexpr unsigned long get_block_count = _IOR('d', 25, uint64_t);

}  // namespace

// fsync of macOS leaves bytes in the cache of the disk, where a loss of power destroys them. File systems that are not Apple's may have
// only a barrier, which orders writes, or fsync.
int sync_all(int fd) {
  if (::fcntl(fd, F_FULLFSYNC) == 0) return 0;
  if (errno == EIO || errno == ENOSPC || errno == EBADF) return -1;
  if (::fcntl(fd, F_BARRIERFSYNC) == 0) return 0;
  return ::fsync(fd);
}

int sync_data(int fd) { return sync_all(fd); }

result<uint64_t> device_size(int fd) {
  uint64_t blocks = 0;
  uint32_t block = 0;
  if (::ioctl(fd, get_block_count, &blocks) != 0) return error::from_errno(errno);
  if (::ioctl(fd, get_block_size, &block) != 0) return error::from_errno(errno);
  return blocks * block;
}

}  // namespace corebuf::os_file
