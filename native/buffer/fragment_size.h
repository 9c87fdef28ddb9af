// Sizes of the fragments of a growing chain: from 512 bytes to 128 KiB in steps of about a half. Each is
// exactly the size of a slot or a span, so growth wastes nothing (the table of Redpanda's
// io_allocation_size).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/bytes.h"
#include "memory/size_class.h"

namespace corebuf {

inline constexpr size_t fragment_size_max = 128 * KiB;

inline constexpr std::array<size_t, 13> fragment_sizes = {512,      768,      1280,      1792,      2560,      3584,     6144,
                                                          8 * KiB,  12 * KiB, 16 * KiB,  32 * KiB,  64 * KiB,  128 * KiB};

/// The step after the `steps` that a chain has grown through, or the first later one that holds `wanted`
/// bytes, or the largest when none does.
constexpr size_t next_fragment_step(size_t steps, size_t wanted) {
  size_t step = std::min(steps, fragment_sizes.size() - 1);
  while (step + 1 < fragment_sizes.size() && fragment_sizes[step] < wanted) ++step;
  return step;
}

/// The number of steps of a chain whose last fragment has this size, which is in the table.
constexpr size_t fragment_steps_to(size_t size) {
  const auto found = std::lower_bound(fragment_sizes.begin(), fragment_sizes.end(), size);
  return static_cast<size_t>(found - fragment_sizes.begin()) + 1;
}

namespace detail {

constexpr bool fragment_sizes_are_sizes_of_memory() {
  return std::all_of(fragment_sizes.begin(), fragment_sizes.end(), [](size_t size) {
    return size <= slot_size_max ? slot_sizes[size_class_of(size)] == size : is_power_of_two(size);
  });
}

}  // namespace detail

static_assert(fragment_sizes.back() == fragment_size_max);
static_assert(detail::fragment_sizes_are_sizes_of_memory());

}  // namespace corebuf
