// What the kernel says about an open file. The raw statx call, because glibc's fstat would ask for glibc
// 2.33 and older headers do not know the fields for direct I/O.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace corebuf {

struct file_status {
  uint32_t mode = 0;  // as in S_ISREG(mode)
  uint64_t size = 0;
  uint32_t device_major = 0;  // of the block device itself, or of the one that the file lies on
  uint32_t device_minor = 0;

  bool direct_known = false;  // the file system answered STATX_DIOALIGN (Linux 6.1)
  uint32_t direct_memory = 0;  // both 0: this file cannot be read or written directly
  uint32_t direct_offset = 0;
};

result<file_status> status_of(int fd);

}  // namespace corebuf
