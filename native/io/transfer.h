// A whole read or write: any number of vectors, any length. It is done when every byte has moved, the file
// has ended (reads) or an error came. The kernel may move fewer bytes than it was asked for; then the
// transfer asks again. The caller embeds it and keeps it, the vectors and their memory until `complete`. It
// allocates nothing; its thread is the engine's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "io/io_engine.h"

namespace corebuf {

inline constexpr size_t transfer_step_max = GiB;  // bytes of one request
static_assert(transfer_step_max < 0x7ffff000, "Linux moves no more in one call (MAX_RW_COUNT)");

/// Requests in a row that may move nothing new; then the transfer fails with their errno, or with EIO.
inline constexpr uint32_t transfer_stalls_max = 64;

class transfer {
 public:
  // Set before start().
  io_op op = io_op::read;  // or write
  bool dsync = false;      // every request of the write is durable when it completes (io_request::dsync)
  uint8_t work = 0;        // the number of its io_class
  io_device* device = nullptr;  // as io_request has it
  int fd = -1;
  uint64_t offset = 0;         // a multiple of `alignment`
  std::span<iovec> vectors{};  // storage of the caller that the transfer may change
  size_t alignment = 1;        // of offsets, for a direct file: a power of two, at most transfer_step_max
  void (*complete)(transfer& done) = nullptr;

  // Set before complete().
  int64_t result = 0;  // bytes moved, or -errno

  transfer() = default;
  transfer(const transfer&) = delete;
  transfer& operator=(const transfer&) = delete;

  /// `complete` is called once, from a later reap(). It may start the transfer again or free it.
  void start(io_engine& engine);

 private:
  struct step : io_request {
    transfer* owner = nullptr;
  };

  void submit_step();
  size_t choose_vectors();
  void step_done(int64_t moved);
  void resume(uint64_t reached);
  void skip(size_t bytes);
  void stall(int os_errno);
  bool file_ends_at(uint64_t position) const;
  void finish(int64_t outcome);

  // offset <= position_ <= reached_ <= end_, and `vectors` begin at position_.
  uint64_t position_ = 0;
  uint64_t reached_ = 0;  // all bytes before it have moved
  uint64_t end_ = 0;
  size_t asked_ = 0;  // bytes of the step in flight
  size_t cut_ = 0;    // bytes by which its last vector was shortened
  uint32_t stalls_ = 0;
  iovec nothing_{};
  io_engine* engine_ = nullptr;
  step step_;
};

}  // namespace corebuf
