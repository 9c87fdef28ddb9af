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

/// Longer ones are memmem's: it skips by the length of the needle.
constexpr size_t short_needle_max = 32;

#if defined(__SSE2__)
#define COREBUF_SEARCH_LANES
constexpr size_t lanes = 16;
constexpr size_t bits_per_lane = 1;
using vector = __m128i;
vector fill(std::byte with) { return _mm_set1_epi8(static_cast<char>(with)); }
/// A bit group per place where `first` lies at `at` and `last` at `ahead`.
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
/// A bit group per place; of each only the lowest bit is kept.
uint64_t both(vector first, const std::byte* at, vector last, const std::byte* ahead) {
  const vector here = vceqq_u8(first, vld1q_u8(reinterpret_cast<const uint8_t*>(at)));
  const vector there = vceqq_u8(last, vld1q_u8(reinterpret_cast<const uint8_t*>(ahead)));
  const uint8x8_t narrowed = vshrn_n_u16(vreinterpretq_u16_u8(vandq_u8(here, there)), 4);
  return vget_lane_u64(vreinterpret_u64_u8(narrowed), 0) & 0x1111'1111'1111'1111;
}
#endif

/// Where the needle begins, or the first place that has not been looked at.
struct progress {
  size_t at;
  bool found;
};

#ifdef COREBUF_SEARCH_LANES
/// Looks at the first and the last byte of the needle for many places at once, and at the rest where both are
/// right (Muła, "SIMD-friendly algorithms for substring searching", 2016).
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
      for (uint64_t places = marks; places != 0; places &= places - 1) {
        const std::byte* const place = begin + static_cast<size_t>(std::countr_zero(places)) / bits_per_lane;
        if (std::memcmp(place, needle.data(), needle.size()) == 0)
          return {static_cast<size_t>(place - bytes.data()), true};
      }
    }
  }
  return {at, false};
}
#else
progress search_short(std::span<const std::byte>, std::span<const std::byte>) { return {0, false}; }
#endif

size_t place_of(const void* found, std::span<const std::byte> bytes) {
  return found == nullptr ? SIZE_MAX
                          : static_cast<size_t>(static_cast<const std::byte*>(found) - bytes.data());
}

}  // namespace

size_t search(std::span<const std::byte> bytes, std::span<const std::byte> needle) {
  if (needle.size() > bytes.size()) return SIZE_MAX;
  if (needle.size() == 1)
    return place_of(std::memchr(bytes.data(), static_cast<int>(needle[0]), bytes.size()), bytes);
  const progress known = needle.size() <= short_needle_max ? search_short(bytes, needle) : progress{0, false};
  if (known.found) return known.at;
  const void* found = memmem(bytes.data() + known.at, bytes.size() - known.at, needle.data(), needle.size());
  return place_of(found, bytes);
}

}  // namespace corebuf
