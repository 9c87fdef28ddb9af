// The kernel's facts about an open file.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace corebuf {

struct file_status {
  uint32_t mode = 0;  // as in S_ISREG(mode)
  uint64_t size = 0;
  uint32_t device_major = 0;  // the block device, or the device that the file lies on
  uint32_t device_minor = 0;

  bool direct_known = false;  // the file system answered STATX_DIOALIGN (Linux 6.1)
  uint32_t direct_memory = 0;  // 0 together with direct_offset: this file has no direct I/O
  uint32_t direct_offset = 0;
};

result<file_status> status_of(int fd);

}  // namespace corebuf
