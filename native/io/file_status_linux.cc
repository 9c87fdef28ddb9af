// By the raw statx call, because glibc's fstat would need glibc 2.33, and older headers lack the fields for direct I/O.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "io/file_status.h"

namespace corebuf {
namespace {

// The layout of struct statx in the kernel: include/uapi/linux/stat.h.
struct kernel_statx {
  uint32_t mask, block_size;
  uint64_t attributes;
  uint32_t links, uid, gid;
  uint16_t mode, spare0;
  uint64_t inode, size, blocks, attributes_mask;
  uint64_t times[8];
  uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
  uint64_t mount_id;
  uint32_t dio_memory_alignment, dio_offset_alignment;
  uint64_t spare3[12];
};
static_assert(offsetof(kernel_statx, mode) == 0x1c);
static_assert(offsetof(kernel_statx, rdev_major) == 0x80);
static_assert(offsetof(kernel_statx, dio_memory_alignment) == 0x98);
static_assert(sizeof(kernel_statx) == 0x100);

constexpr unsigned statx_basic = 0x07ff;
constexpr unsigned statx_dioalign = 0x2000;
constexpr int at_empty_path = 0x1000;

}  // namespace

result<file_status> status_of(int fd) {
  kernel_statx answer{};
  const long failed = ::syscall(SYS_statx, fd, "", at_empty_path, statx_basic | statx_dioalign, &answer);
  if (failed != 0) return error::from_errno(errno);

  file_status status;
  status.mode = answer.mode;
  status.size = answer.size;
  const bool is_device = S_ISBLK(answer.mode);
  status.device_major = is_device ? answer.rdev_major : answer.dev_major;
  status.device_minor = is_device ? answer.rdev_minor : answer.dev_minor;
  status.direct_known = (answer.mask & statx_dioalign) != 0;
  if (status.direct_known) {
    status.direct_memory = answer.dio_memory_alignment;
    status.direct_offset = answer.dio_offset_alignment;
  }
  return status;
}

}  // namespace corebuf
