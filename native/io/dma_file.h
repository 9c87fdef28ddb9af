// One open file and the alignment that it needs. It owns its descriptor, so that nobody else can close it,
// and its number cannot name another file, while the kernel still works on it.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "io/alignment.h"
#include "io/io_device.h"
#include "io/unique_fd.h"

namespace corebuf {

class dma_file {
 public:
  dma_file() = default;

  /// Duplicates `fd`, which still belongs to the caller, and makes it direct as make_direct() does. ESPIPE when it is neither a regular
  /// file nor a device.
  static result<dma_file> adopt(int fd, bool direct = true);

  int fd() const { return fd_.get(); }

  /// True when I/O passes by the page cache (O_DIRECT on Linux); else I/O goes through the page cache and the
  /// alignment is 1.
  bool direct() const { return direct_; }
  const io_alignment& alignment() const { return alignment_; }

  /// The disk it lies on.
  io_device& device() const { return *device_; }

  /// Length in bytes, of a block device too.
  result<uint64_t> size() const;

  /// Takes the exclusive advisory lock of the file (flock), which lasts until the file is closed. False when
  /// another open file has it.
  result<bool> try_lock() const;

 private:
  unique_fd fd_;
  bool direct_ = false;
  io_alignment alignment_;
  io_device* device_ = nullptr;
};

}  // namespace corebuf
