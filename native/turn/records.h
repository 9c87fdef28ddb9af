// Layouts of the records that C++ and JavaScript exchange. JavaScript gets the positions of the fields from
// `constants`, so each layout is written down only here. Words have 32 bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace corebuf {

/// One message in `incoming`. The encoded bytes follow, padded to a multiple of `alignment`, unless they are
/// in the payload.
struct message_record {
  static constexpr size_t alignment = 8;

  uint32_t kind;
  uint32_t status;
  uint32_t from;
  uint32_t token;
  uint32_t number;
  uint32_t method;
  uint32_t encoded_length;
  uint32_t encoded_in_payload;
};

static_assert(sizeof(message_record) % message_record::alignment == 0);

/// One completed file operation in `incoming`.
struct completion_record {
  double number;
  double result;  // bytes, or -errno
};

/// One fragment in the body of `outgoing`.
struct fragment_record {
  static constexpr size_t length_max = UINT32_MAX;

  uint32_t region;
  uint32_t offset;
  uint32_t length;
  uint32_t shard;
  uint32_t window_before;  // bytes of its window in front of the fragment (buffer/window.h)
  uint32_t window_length;  // 0 for wrapped memory
};

/// One chain that was never released and has been reclaimed, in the body of `outgoing`.
struct forgotten_record {
  uint32_t slot;
  uint32_t bytes_low;
  uint32_t bytes_high;
};

}  // namespace corebuf
