// What can go wrong in the world. Misuse of the code is an ASSERT, a full queue is a `false`;
// only what a correct program must expect (memory, disks, other threads that end) is an error.
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
  io,
};

struct error {
  error_code code = error_code::none;
  int os_errno = 0;  // positive, as in <cerrno>; 0 when the kernel was not the one who refused

  static constexpr error from_errno(int os_errno) { return {error_code::io, os_errno}; }
};

}  // namespace corebuf
