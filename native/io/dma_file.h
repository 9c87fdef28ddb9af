// One open file and what the kernel asks of accesses to it. Owns its descriptor, so that nobody else can close it,
// and let its number name another file, while the kernel still works on it.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "io/alignment.h"
#include "io/unique_fd.h"

namespace corebuf {

class dma_file {
 public:
  dma_file() = default;

  /// Duplicates `fd`, which stays the caller's.
  static result<dma_file> adopt(int fd);

  int fd() const { return fd_.get(); }

  /// O_DIRECT is on and the file system honours it; else the page cache is in between and alignment is 1.
  bool direct() const { return direct_; }
  const io_alignment& alignment() const { return alignment_; }

  result<uint64_t> size() const;

 private:
  unique_fd fd_;
  bool direct_ = false;
  io_alignment alignment_;
};

}  // namespace corebuf
