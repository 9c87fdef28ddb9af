// Frames of protocols that put the length of each message in front of it: found and cut off a chain without a copy.
#pragma once

#include <cstddef>
#include <cstdint>

#include "buffer/iobuf.h"

namespace corebuf {

struct frame_layout {
  uint32_t length_bytes = 4;      // of the length field: 1, 2 or 4
  bool little_endian = false;
  bool includes_itself = false;   // the length counts the bytes of its field
  bool keep_length = false;       // frames keep their length field
  uint32_t length_max = 0;        // of the bytes behind the field
};

/// A layout as one number: the bytes of the length field, and these bits.
enum frame_bits : uint32_t { frame_little_endian = 1U << 8, frame_includes_itself = 1U << 9, frame_keeps_length = 1U << 10 };

constexpr frame_layout frame_layout_of(uint32_t bits, uint32_t length_max) {
  return {.length_bytes = bits & 0xff,
          .little_endian = (bits & frame_little_endian) != 0,
          .includes_itself = (bits & frame_includes_itself) != 0,
          .keep_length = (bits & frame_keeps_length) != 0,
          .length_max = length_max};
}

enum class frame_state : uint32_t {
  whole,          // a frame is there
  partial,        // more bytes are needed
  wrong,          // its length is more than the layout allows, or less than its own field
  out_of_memory,  // the budget is spent
};

struct frame_front {
  frame_state state;
  uint64_t bytes;  // whole and partial: of the frame with its field, or of the field alone while that is not there; wrong: what its field says
};

/// Looks at the frame in front. O(1).
frame_front frame_in_front(const iobuf& chain, const frame_layout& layout);

/// Moves the frame in front, which is there and has `bytes` with its field, into an empty chain. When it fails nothing has changed.
[[nodiscard]] bool take_frame(shard& here, iobuf& chain, size_t bytes, const frame_layout& layout, iobuf& into);

}  // namespace corebuf
