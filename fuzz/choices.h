// Turns the bytes of a fuzzer into the choices of a model.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace corebuf {

/// The bytes of the fuzzer, one by one; zeros when they are used up.
class choices {
 public:
  choices(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  bool empty() const { return at_ == end_; }
  uint8_t byte() { return at_ == end_ ? 0 : *at_++; }
  uint32_t word() { return byte() | uint32_t{byte()} << 8; }
  /// A number from 0 to `end` - 1; `end` is at most 65536.
  size_t below(size_t end) { return (end <= 256 ? byte() : word()) % end; }

  /// A length of any order of magnitude, often right at the edge of a size class.
  size_t size() {
    const uint8_t how = byte();
    const size_t doubling = size_t{1} << (how & 31) % 22;
    if (how >= 224) return std::max<size_t>(1, doubling + byte() - 128);
    if (how >= 128) return doubling;
    return 1 + doubling * byte() / 128;
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace corebuf
