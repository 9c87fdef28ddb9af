// Linux 6.1 knows the alignment of a file (statx). Before that, the block device knows it, and O_DIRECT says that I/O is direct.
#include <fcntl.h>

#include <cstdio>
#include <cstdlib>

#include "base/bytes.h"
#include "io/alignment.h"
#include "io/file_status.h"
#include "io/unique_fd.h"

namespace corebuf {

const bool has_direct_io = true;
const int direct_open_flag = O_DIRECT;

namespace {

constexpr uint32_t block_size_max = 1u << 20;  // larger numbers are taken as errors

/// 0 when the file is missing or holds no plausible number.
uint32_t read_block_size(const char* path) {
  const unique_fd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return 0;
  char text[32] = {};
  if (::read(file.get(), text, sizeof text - 1) <= 0) return 0;
  const unsigned long size = std::strtoul(text, nullptr, 10);
  return size <= block_size_max && is_power_of_two(size) ? static_cast<uint32_t>(size) : 0;
}

/// 0 when there is no block device under the file, as for tmpfs, btrfs and NFS.
uint32_t logical_block_size(const file_status& status) {
  // A partition has no queue of its own. Its name links into the tree of devices, where its disk is the
  // folder above.
  for (const char* folder : {"queue", "../queue"}) {
    char path[96];
    std::snprintf(path, sizeof path, "/sys/dev/block/%u:%u/%s/logical_block_size", status.device_major,
                  status.device_minor, folder);
    if (const uint32_t size = read_block_size(path)) return size;
  }
  return 0;
}

}  // namespace

io_alignment probe_alignment(int fd) {
  const io_alignment guess{alignment_default, alignment_default, "default"};
  const result<file_status> status = status_of(fd);
  if (!status.ok()) return guess;

  const uint32_t memory = status.value().direct_memory;
  const uint32_t offset = status.value().direct_offset;
  if (is_power_of_two(memory) && is_power_of_two(offset)) return {memory, offset, "statx"};

  const uint32_t block = logical_block_size(status.value());
  return block == 0 ? guess : io_alignment{block, block, "block device"};
}

bool accepts_direct(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_DIRECT) == 0) return false;
  const result<file_status> status = status_of(fd);
  return status.ok() && !(status.value().direct_known && status.value().direct_memory == 0);
}

bool make_direct(int fd, bool) {
  if (accepts_direct(fd)) return true;
  // A file system that said it cannot may still refuse unaligned requests.
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_DIRECT) != 0) (void)::fcntl(fd, F_SETFL, flags & ~O_DIRECT);
  return false;
}

}  // namespace corebuf
