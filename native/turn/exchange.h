// Two areas that JavaScript and C++ both see, so that one call can carry many values. Either side writes
// `outgoing` before it calls or returns; C++ writes `incoming` before it calls back. JavaScript made the
// memory.
//
//   outgoing │ 16 words of arguments or results │ encoded bytes, or a list of fragments … │
//   incoming │ records, one after the other …                                                │
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.h"

namespace corebuf {

/// Words of `outgoing` in which JavaScript describes a call or an answer before it calls send() or reply().
enum class outgoing_word : uint32_t {
  shard,
  incarnation,
  method,
  number,
  length,     // of the encoding in the body, in bytes; 0 when the encoding is passed by itself
  transfers,  // chains that move with the message
  token,
  status,
  // JavaScript writes here which method it is running, plus one: a report of a stall names it.
  running = 15,
};

struct exchange {
  static constexpr size_t size = 64 * KiB;
  static constexpr size_t words = 16;
  static constexpr size_t body_offset = words * sizeof(uint32_t);

  static_assert(static_cast<size_t>(outgoing_word::running) < words);

  std::byte* outgoing = nullptr;
  std::byte* incoming = nullptr;

  uint32_t word(outgoing_word index) const {
    uint32_t value;
    std::memcpy(&value, outgoing + static_cast<size_t>(index) * sizeof value, sizeof value);
    return value;
  }
  std::span<std::byte> body() const { return {outgoing + body_offset, size - body_offset}; }
};

}  // namespace corebuf
