#include "buffer/search.h"

#include <bit>
#include <cstring>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace corebuf {

namespace {

/// Longer needles are left to memmem, which skips by the length of the needle.
constexpr size_t short_needle_max = 32;

#if defined(__SSE2__)
#define COREBUF_SEARCH_LANES
constexpr size_t lanes = 16;
constexpr size_t bits_per_lane = 1;
using vector = __m128i;
vector fill(std::byte with) { return _mm_set1_epi8(static_cast<char>(with)); }
/// A group of bits for each position where the byte at `at` is `first` and the byte at `ahead` is `last`.
uint64_t both(vector first, const std::byte* at, vector last, const std::byte* ahead) {
  const vector here = _mm_cmpeq_epi8(first, _mm_loadu_si128(reinterpret_cast<const vector*>(at)));
  const vector there = _mm_cmpeq_epi8(last, _mm_loadu_si128(reinterpret_cast<const vector*>(ahead)));
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_and_si128(here, there)));
}
#elif defined(__aarch64__)
#define COREBUF_SEARCH_LANES
constexpr size_t lanes = 16;
constexpr size_t bits_per_lane = 4;
using vector = uint8x16_t;
vector fill(std::byte with) { return vdupq_n_u8(static_cast<uint8_t>(with)); }
/// A group of bits for each position; only the lowest bit of each group is kept.
uint64_t both(vector first, const std::byte* at, vector last, const std::byte* ahead) {
  const vector here = vceqq_u8(first, vld1q_u8(reinterpret_cast<const uint8_t*>(at)));
  const vector there = vceqq_u8(last, vld1q_u8(reinterpret_cast<const uint8_t*>(ahead)));
  const uint8x8_t narrowed = vshrn_n_u16(vreinterpretq_u16_u8(vandq_u8(here, there)), 4);
  return vget_lane_u64(vreinterpret_u64_u8(narrowed), 0) & 0x1111'1111'1111'1111;
}
#endif

/// The position of the needle, or the first position that has not been looked at.
struct progress {
  size_t at;
  bool found;
};

#ifdef COREBUF_SEARCH_LANES
/// Compares the first and the last byte of the needle at many positions at once, and the rest where both
/// match (Muła, "SIMD-friendly algorithms for substring searching", 2016).
progress search_short(std::span<const std::byte> bytes, std::span<const std::byte> needle) {
  const vector first = fill(needle.front());
  const vector last = fill(needle.back());
  const size_t ahead = needle.size() - 1;
  size_t at = 0;
  for (; at + 2 * lanes + ahead <= bytes.size(); at += 2 * lanes) {
    const std::byte* const here = bytes.data() + at;
    const uint64_t low = both(first, here, last, here + ahead);
    const uint64_t high = both(first, here + lanes, last, here + lanes + ahead);
    if (__builtin_expect((low | high) == 0, 1)) continue;
    for (const auto& [begin, marks] : {std::pair(here, low), std::pair(here + lanes, high)}) {
      for (uint64_t candidates = marks; candidates != 0; candidates &= candidates - 1) {
        const std::byte* const candidate = begin + static_cast<size_t>(std::countr_zero(candidates)) / bits_per_lane;
        if (std::memcmp(candidate, needle.data(), needle.size()) == 0)
          return {static_cast<size_t>(candidate - bytes.data()), true};
      }
    }
  }
  return {at, false};
}
#else
progress search_short(std::span<const std::byte>, std::span<const std::byte>) { return {0, false}; }
#endif

size_t position_of(const void* found, std::span<const std::byte> bytes) {
  return found == nullptr ? SIZE_MAX
                          : static_cast<size_t>(static_cast<const std::byte*>(found) - bytes.data());
}

}  // namespace

size_t search(std::span<const std::byte> bytes, std::span<const std::byte> needle) {
  if (needle.size() > bytes.size()) return SIZE_MAX;
  if (needle.size() == 1)
    return position_of(std::memchr(bytes.data(), static_cast<int>(needle[0]), bytes.size()), bytes);
  const progress known = needle.size() <= short_needle_max ? search_short(bytes, needle) : progress{0, false};
  if (known.found) return known.at;
  const void* found = memmem(bytes.data() + known.at, bytes.size() - known.at, needle.data(), needle.size());
  return position_of(found, bytes);
}

}  // namespace corebuf
