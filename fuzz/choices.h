// What a fuzzer gives, as what a model asks for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace corebuf {

/// What the fuzzer gave, byte by byte; zeros when it is used up.
class choices {
 public:
  choices(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  bool empty() const { return at_ == end_; }
  uint8_t byte() { return at_ == end_ ? 0 : *at_++; }
  uint32_t word() { return byte() | uint32_t{byte()} << 8; }
  /// From 0 to `end` - 1, which is below 65536.
  size_t below(size_t end) { return (end <= 256 ? byte() : word()) % end; }

  /// Of every order of magnitude, and often right at the edge of a size class.
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
