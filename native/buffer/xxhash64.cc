#include "buffer/xxhash64.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace corebuf {

namespace {

constexpr uint64_t prime_1 = 0x9e3779b185ebca87;
constexpr uint64_t prime_2 = 0xc2b2ae3d27d4eb4f;
constexpr uint64_t prime_3 = 0x165667b19e3779f9;
constexpr uint64_t prime_4 = 0x85ebca77c2b2ae63;
constexpr uint64_t prime_5 = 0x27d4eb2f165667c5;

static_assert(std::endian::native == std::endian::little, "lanes are read as they lie");

template <typename Lane>
Lane load(const std::byte* at) {
  Lane lane;
  std::memcpy(&lane, at, sizeof lane);
  return lane;
}

uint64_t round(uint64_t sum, uint64_t lane) { return std::rotl(sum + lane * prime_2, 31) * prime_1; }

uint64_t merge(uint64_t hash, uint64_t sum) { return (hash ^ round(0, sum)) * prime_1 + prime_4; }

uint64_t avalanche(uint64_t hash) {
  hash = (hash ^ hash >> 33) * prime_2;
  hash = (hash ^ hash >> 29) * prime_3;
  return hash ^ hash >> 32;
}

}  // namespace

xxhash64::xxhash64(uint64_t seed)
    : sums_{seed + prime_1 + prime_2, seed + prime_2, seed, seed - prime_1}, seed_(seed) {}

void xxhash64::add(std::span<const std::byte> bytes) {
  const size_t kept = length_ % stripe;
  length_ += bytes.size();
  if (kept > 0) {
    const size_t fitting = std::min(stripe - kept, bytes.size());
    std::copy_n(bytes.begin(), fitting, rest_.begin() + kept);
    bytes = bytes.subspan(fitting);
    if (kept + fitting < stripe) return;
    add_stripes(rest_.data(), 1);
  }
  const size_t whole = bytes.size() / stripe;
  add_stripes(bytes.data(), whole);
  std::ranges::copy(bytes.subspan(whole * stripe), rest_.begin());
}

void xxhash64::add_stripes(const std::byte* at, size_t count) {
  std::array<uint64_t, lanes> sums = sums_;  // in registers
  for (; count > 0; --count) {
    for (uint64_t& sum : sums) {
      sum = round(sum, load<uint64_t>(at));
      at += sizeof(uint64_t);
    }
  }
  sums_ = sums;
}

uint64_t xxhash64::converge() const {
  if (length_ < stripe) return seed_ + prime_5;
  uint64_t hash =
      std::rotl(sums_[0], 1) + std::rotl(sums_[1], 7) + std::rotl(sums_[2], 12) + std::rotl(sums_[3], 18);
  for (const uint64_t sum : sums_) hash = merge(hash, sum);
  return hash;
}

uint64_t xxhash64::digest() const {
  uint64_t hash = converge() + length_;
  const std::byte* at = rest_.data();
  size_t left = length_ % stripe;
  for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), at += sizeof(uint64_t)) {
    hash = std::rotl(hash ^ round(0, load<uint64_t>(at)), 27) * prime_1 + prime_4;
  }
  for (; left >= sizeof(uint32_t); left -= sizeof(uint32_t), at += sizeof(uint32_t)) {
    hash = std::rotl(hash ^ load<uint32_t>(at) * prime_1, 23) * prime_2 + prime_3;
  }
  for (; left > 0; --left, ++at) hash = std::rotl(hash ^ static_cast<uint64_t>(*at) * prime_5, 11) * prime_1;
  return avalanche(hash);
}

}  // namespace corebuf
