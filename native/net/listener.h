// One socket that waits for connections, and when it shall be asked again after the system could not give one.
#pragma once

#include <cstdint>
#include <string>

#include "io/unique_fd.h"
#include "net/socket_address.h"

namespace corebuf {

class listener {
 public:
  listener(uint32_t id, unique_fd fd) : id_(id), fd_(std::move(fd)) {}
  /// Closes it, and removes the file of a Unix socket.
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  uint32_t id() const { return id_; }
  int fd() const { return fd_.get(); }

  bool wanted = true;      // by the program
  bool watched = false;    // by the poller
  uint64_t again_us = 0;   // while it rests: until when

 private:
  const uint32_t id_;
  unique_fd fd_;
};

}  // namespace corebuf
