// Where the kernel puts bytes of all connections of one shard: the rest of the buffer that was received into last, and up to
// three fresh ones. The bytes then become fragments of a chain where they are; only small pieces are copied, so that a few bytes
// of a connection that waits do not hold a whole buffer.
//
//   rooms_[0]  [ received │ received │ room ............ ]   the fragment at `room` is empty, and keeps the buffer
//   rooms_[1]  [ room .................................. ]   fresh: from the heap, which hands out the buffer freed last
//
// Memory comes from the shard's budget, one buffer at a time. One owner, one thread.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <span>

#include "base/bytes.h"
#include "buffer/iobuf.h"
#include "shard/shard.h"

namespace corebuf {

/// Bytes of one receive buffer; of a shard with less than 16 MiB a 256th of its budget, and 4 KiB at least.
inline constexpr size_t receive_buffer_max = 64 * KiB;
inline constexpr size_t receive_buffer_min = 4 * KiB;

/// Buffers that one system call may fill.
inline constexpr size_t receive_buffers_max = 4;

/// A piece of at most so many bytes is copied into its chain.
inline constexpr size_t receive_copied_max = 1 * KiB;

class receive_memory {
 public:
  explicit receive_memory(shard& here);
  ~receive_memory() { release(); }
  receive_memory(const receive_memory&) = delete;
  receive_memory& operator=(const receive_memory&) = delete;

  size_t buffer_size() const { return buffer_size_; }

  /// Room for 1 … `limit` bytes, in memory order of what is to come; empty when the budget is spent. It is what the last buffer
  /// has left unless `generous`; then fresh buffers follow it. Good until the next call.
  std::span<iovec> room(size_t limit, bool generous);

  /// The kernel has put `length` bytes into the room of the last call: they become the end of `input`. Never fails.
  void received(size_t length, iobuf& input);

  /// Gives fresh buffers back, and keeps the one that was received into last.
  void trim();
  /// Gives everything back.
  void release();

 private:
  size_t left_in(const fragment& room) const { return static_cast<size_t>(room.of->data + room.of->size - room.end()); }
  bool add_buffer();
  bool copied(size_t length, iobuf& input);
  size_t link(size_t length, iobuf& input);
  void drop_first();

  shard& here_;
  const size_t buffer_size_;
  const size_t tail_min_;  // less is given up, so that a read is not cut short for nothing
  size_t count_ = 0;
  std::array<fragment*, receive_buffers_max> rooms_{};
  std::array<iovec, receive_buffers_max> vectors_{};
};

}  // namespace corebuf
