#include <unistd.h>

#include <cerrno>

#include "io/os_file.h"
#include "io/os_file_posix.h"

namespace corebuf::os_file {

int sync_data(int fd) { return ::fdatasync(fd); }

int sync_all(int fd) { return ::fsync(fd); }

result<uint64_t> device_size(int fd) {
  const off_t end = ::lseek(fd, 0, SEEK_END);
  if (end < 0) return error::from_errno(errno);
  return static_cast<uint64_t>(end);
}

}  // namespace corebuf::os_file
