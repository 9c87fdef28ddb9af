// Two areas that JavaScript and C++ both see, so that one call can carry many values: `outgoing` is written by whoever is
// about to call or to return from a call, `incoming` by C++ before it calls back. JavaScript made the memory.
//
//   outgoing │ 16 words of arguments or results │ encoded bytes, or a list of fragments … │
//   incoming │ records, one behind the other …                                              │
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.h"

namespace corebuf {

struct exchange {
  static constexpr size_t size = 64 * KiB;
  static constexpr size_t words = 16;
  static constexpr size_t body_offset = words * sizeof(uint32_t);

  std::byte* outgoing = nullptr;
  std::byte* incoming = nullptr;

  uint32_t word(size_t index) const {
    uint32_t value;
    std::memcpy(&value, outgoing + index * sizeof value, sizeof value);
    return value;
  }
  std::span<std::byte> body() const { return {outgoing + body_offset, size - body_offset}; }
};

}  // namespace corebuf
