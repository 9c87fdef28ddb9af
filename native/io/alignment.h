// The alignment that direct I/O on a file needs. It is asked for and never guessed: 512 fails on a disk that
// needs 4096, and 4096 wastes space on one that needs 512. Two or three system calls; ask once per open file.
#pragma once

#include <cstdint>

namespace corebuf {

struct io_alignment {
  uint32_t memory = 0;  // of the address and length of each vector
  uint32_t offset = 0;  // of the position in the file and of the whole length
  const char* source = nullptr;  // where the numbers come from: "statx", "block device" or "default"
};

inline constexpr uint32_t alignment_default = 4096;

/// Always gives an answer, even for a descriptor that is not open; both numbers are powers of two.
io_alignment probe_alignment(int fd);

/// Whether the system has direct I/O, and the flag of open(2) for it; 0 where open(2) has none.
extern const bool has_direct_io;
extern const int direct_open_flag;

/// True when `fd` was opened for direct I/O and its file system did not say that it cannot be used. False where that cannot be asked.
bool accepts_direct(int fd);

/// Whether I/O on `fd`, and on all descriptors of the same open file, is direct from now on; else it goes through the page cache. On
/// Linux the flag of open(2) is what counts; elsewhere `wanted`.
bool make_direct(int fd, bool wanted);

}  // namespace corebuf
