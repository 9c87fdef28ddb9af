// XXH64, the checksum of frames and blocks in many formats (LZ4, Zstandard, RocksDB), written from its
// specification (Collet, "xxHash fast digest algorithm", 0.1.1). Bytes may be added in pieces of any length;
// the digest depends only on the bytes and the seed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace corebuf {

class xxhash64 {
 public:
  explicit xxhash64(uint64_t seed = 0);

  void add(std::span<const std::byte> bytes);
  /// The digest of all bytes so far; more may be added.
  uint64_t digest() const;

 private:
  static constexpr size_t lanes = 4;
  static constexpr size_t stripe = lanes * sizeof(uint64_t);

  void add_stripes(const std::byte* at, size_t count);
  uint64_t converge() const;

  std::array<uint64_t, lanes> sums_;
  uint64_t seed_;
  uint64_t length_ = 0;
  std::array<std::byte, stripe> rest_;  // the first length_ % stripe bytes of the last stripe
};

}  // namespace corebuf
