#include <sys/stat.h>

#include <cerrno>

#include "io/file_status.h"

namespace corebuf {

result<file_status> status_of(int fd) {
  struct stat answer;
  if (::fstat(fd, &answer) != 0) return error::from_errno(errno);
  file_status status;
  status.mode = answer.st_mode;
  status.size = static_cast<uint64_t>(answer.st_size);
  // Systems divide the number of a device in different ways. Here it only has to tell devices apart.
  const auto device = static_cast<uint64_t>(S_ISBLK(answer.st_mode) ? answer.st_rdev : answer.st_dev);
  status.device_major = static_cast<uint32_t>(device >> 32);
  status.device_minor = static_cast<uint32_t>(device);
  return status;
}

}  // namespace corebuf
