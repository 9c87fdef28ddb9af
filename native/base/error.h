// Errors that a correct program must expect: from memory, disks, and other threads that end. Misuse of the
// code is an ASSERT, and a full queue is a `false`.
#pragma once

#include <cstdint>

namespace corebuf {

enum class error_code : uint8_t {
  none,
  released,
  out_of_memory,
  out_of_bounds,
  misaligned,
  closed,
  shard_gone,
  shards_in_use,  // every shard of the process
  io,
};

struct error {
  error_code code = error_code::none;
  int os_errno = 0;  // positive, as in <cerrno>; 0 when the kernel did not refuse

  static constexpr error from_errno(int os_errno) { return {error_code::io, os_errno}; }
};

}  // namespace corebuf
