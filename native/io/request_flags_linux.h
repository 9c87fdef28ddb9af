// The flags of Linux's calls for a request.
#pragma once

#include <linux/falloc.h>
#include <linux/fs.h>

#include "io/io_request.h"

namespace corebuf {

/// The mode of fallocate(2) for it.
constexpr int allocation_mode(io_op op) {
  return op == io_op::punch ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE : 0;
}

/// The flags of pwritev2(2) for it. A kernel or a file system without it says EOPNOTSUPP.
constexpr int write_flags(const io_request& request) { return request.dsync ? RWF_DSYNC : 0; }

}  // namespace corebuf
