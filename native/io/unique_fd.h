// Owns one file descriptor and closes it once. Functions that only use a descriptor take a plain int.
#pragma once

#include <unistd.h>

#include <utility>

namespace corebuf {

class unique_fd {
 public:
  unique_fd() = default;
  explicit unique_fd(int fd) : fd_(fd) {}
  ~unique_fd() { reset(); }
  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  unique_fd(const unique_fd&) = delete;
  unique_fd& operator=(const unique_fd&) = delete;

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

  /// The caller owns the descriptor from here on.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

  /// Never closes twice: on Linux the descriptor is closed even when close() reports EINTR.
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace corebuf
