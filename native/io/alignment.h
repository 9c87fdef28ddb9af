// What direct I/O on a file asks of addresses, offsets and lengths. Asked, never guessed: 512 on a disk that
// wants 4096 fails, 4096 on one that wants 512 wastes. Two or three system calls; ask once per open file.
#pragma once

#include <cstdint>

namespace corebuf {

struct io_alignment {
  uint32_t memory = 0;  // of each vector's address and length
  uint32_t offset = 0;  // of the position in the file and the length of the whole
  const char* source = nullptr;  // who said so: "statx", "block device" or "default"
};

inline constexpr uint32_t alignment_default = 4096;

/// Always an answer, even for a descriptor that is not open; both numbers are powers of two.
io_alignment probe_alignment(int fd);

/// True when O_DIRECT is on for `fd` and its file system did not say that it cannot be used.
bool accepts_direct(int fd);

/// Turns O_DIRECT off for `fd`, if it is on, and whoever shares its open file.
void go_through_page_cache(int fd);

}  // namespace corebuf
