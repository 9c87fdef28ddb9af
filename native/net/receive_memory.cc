#include "net/receive_memory.h"

#include <algorithm>
#include <bit>

namespace corebuf {

namespace {

size_t buffer_size_for(size_t budget) {
  return std::clamp(std::bit_floor(budget / 256), receive_buffer_min, receive_buffer_max);
}

}  // namespace

receive_memory::receive_memory(shard& here)
    : here_(here), buffer_size_(buffer_size_for(here.heap().budget())), tail_min_(buffer_size_ / 16) {}

std::span<iovec> receive_memory::room(size_t limit, bool generous) {
  if (count_ > 0 && left_in(*rooms_[0]) < tail_min_) drop_first();
  size_t used = 0;
  size_t bytes = 0;
  while (bytes < limit && used < (generous ? receive_buffers_max : 1)) {
    if (used == count_ && !add_buffer()) break;
    fragment& next = *rooms_[used];
    const size_t length = std::min(left_in(next), limit - bytes);
    vectors_[used++] = {.iov_base = next.end(), .iov_len = length};
    bytes += length;
  }
  return {vectors_.data(), used};
}

void receive_memory::received(size_t length, iobuf& input) {
  DEBUG_ASSERT(length > 0);
  if (copied(length, input)) return;
  while (length > 0) length -= link(length, input);
}

/// A small piece, unless it follows the end of the chain in memory. Where there is no memory for the copy it stays where it is.
bool receive_memory::copied(size_t length, iobuf& input) {
  if (length > std::min(receive_copied_max, vectors_[0].iov_len)) return false;
  fragment& room = *rooms_[0];
  if (input.extend(here_, *room.of, room.data, length)) {
    room.data += length;
    return true;
  }
  return input.append(here_, {room.data, length}, copy_kind::receive);
}

/// What of `length` bytes lies in the first buffer becomes part of `input`; returns how much that is.
size_t receive_memory::link(size_t length, iobuf& input) {
  fragment* room = rooms_[0];
  const size_t bytes = std::min(length, left_in(*room));
  const bool full = bytes == left_in(*room);
  if (input.extend(here_, *room->of, room->data, bytes)) {
    room->data += bytes;
    if (full) drop_first();
    return bytes;
  }
  // Without memory for another reference the rest of the buffer is given up.
  fragment* rest = full ? nullptr : fragment::make(here_, *room->of, room->data + bytes, 0);
  room->length = bytes;
  room->of->refer(here_, bytes);
  input.append_fragment(room);
  rooms_[0] = rest;
  if (rest == nullptr) drop_first();
  return bytes;
}

bool receive_memory::add_buffer() {
  buffer* made = buffer::make(here_, buffer_size_);
  if (made == nullptr) return false;
  fragment* room = fragment::make(here_, *made, made->data, 0);
  if (room == nullptr) {
    made->destroy(here_);
    return false;
  }
  rooms_[count_++] = room;
  return true;
}

void receive_memory::drop_first() {
  if (rooms_[0] != nullptr) here_.release(rooms_[0]);
  std::shift_left(rooms_.begin(), rooms_.end(), 1);
  rooms_[--count_] = nullptr;
}

void receive_memory::trim() {
  while (count_ > 1) here_.release(rooms_[--count_]);
}

void receive_memory::release() {
  while (count_ > 0) here_.release(rooms_[--count_]);
}

}  // namespace corebuf
