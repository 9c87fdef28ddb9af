// The sizes of slots: every multiple of 16 up to 128 bytes, then four per doubling up to 16 KiB, then powers
// of two up to 128 KiB.
//
//   16 32 48 64 80 96 112 128 │ 160 192 224 256 │ … │ 10240 12288 14336 16384 │ 32768 65536 131072
//
// Neighbouring sizes differ by at most a quarter up to 16 KiB, so a request wastes an eighth of itself on
// average at most. Slots begin at multiples of their size in naturally aligned slabs, so a slot of size s is
// aligned to the largest power of two that divides s: a power of two is aligned to itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "base/bytes.h"

namespace corebuf {

inline constexpr size_t page_size = 4 * KiB;
inline constexpr unsigned page_shift = 12;

inline constexpr size_t slot_granularity = 16;
inline constexpr size_t slot_size_fine = 16 * KiB;  // up to this size there are four classes per doubling
inline constexpr size_t slot_size_max = 128 * KiB;
inline constexpr size_t size_classes = 8 + 4 * 7 + 3;  // up to 128, seven doublings, three powers of two

namespace detail {

constexpr std::array<uint32_t, size_classes> make_slot_sizes() {
  std::array<uint32_t, size_classes> sizes{};
  size_t at = 0;
  for (size_t size = slot_granularity; size <= 128; size += slot_granularity) sizes[at++] = static_cast<uint32_t>(size);
  for (size_t octave = 128; octave < slot_size_fine; octave *= 2) {
    for (size_t step = 1; step <= 4; ++step) sizes[at++] = static_cast<uint32_t>(octave + step * octave / 4);
  }
  for (size_t size = 2 * slot_size_fine; size <= slot_size_max; size *= 2) sizes[at++] = static_cast<uint32_t>(size);
  return sizes;
}

}  // namespace detail

inline constexpr auto slot_sizes = detail::make_slot_sizes();

/// The smallest class that holds `size` bytes. `size` is 1 … slot_size_max.
constexpr size_t size_class_of(size_t size) {
  if (size <= 128) return (size - 1) / slot_granularity;
  if (size > slot_size_fine) return size_classes - 3 + log2_ceil(size) - log2_ceil(2 * slot_size_fine);
  const unsigned octave = log2_floor(size - 1);       // 2^octave < size <= 2^(octave + 1)
  const size_t quarter = (size - 1) >> (octave - 2);  // 4 … 7
  return 8 + (octave - 7) * 4 + (quarter - 4);
}

/// The alignment of every slot of this size.
constexpr size_t slot_alignment(size_t slot_size) { return slot_size & (~slot_size + 1); }

/// log2 of the pages of one slab: eight slots or more, and at least 16 KiB so that small classes refill
/// rarely. At most a sixteenth is left over at the end of a slab.
constexpr unsigned slab_order(size_t size_class) {
  const size_t wanted = std::bit_ceil(slot_sizes[size_class] * size_t{8});
  return log2_floor((wanted < 16 * KiB ? 16 * KiB : wanted) / page_size);
}

constexpr size_t slab_slots(size_t size_class) {
  return (page_size << slab_order(size_class)) / slot_sizes[size_class];
}

namespace detail {

/// Checks the edges of each class. A test checks every size, which is more than some compilers compute.
constexpr bool size_classes_are_sound() {
  for (size_t at = 0; at < size_classes; ++at) {
    const size_t smallest = at == 0 ? 1 : slot_sizes[at - 1] + 1;
    if (size_class_of(smallest) != at || size_class_of(slot_sizes[at]) != at) return false;
    const size_t slab = page_size << slab_order(at);
    if (slab - slab_slots(at) * slot_sizes[at] > slab / 16) return false;
  }
  return true;
}

}  // namespace detail

static_assert(slot_sizes.back() == slot_size_max);
static_assert(detail::size_classes_are_sound());

}  // namespace corebuf
