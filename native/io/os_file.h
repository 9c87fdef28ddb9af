// System calls on files. They block, so only threads of an engine make those that wait for a disk.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "io/io_request.h"

namespace corebuf::os_file {

/// Whether a write can be durable when it completes; else a sync has to follow it.
extern const bool has_durable_writes;

/// Whether files can be given blocks and freed of them.
extern const bool has_allocation;

/// Does the whole operation. Returns the bytes that were moved, or -errno; -EOPNOTSUPP for an operation that the system does not have.
int64_t perform(const io_request& request);

/// Length of a block device in bytes.
result<uint64_t> device_size(int fd);

}  // namespace corebuf::os_file
