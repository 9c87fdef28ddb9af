// How large the next fragment of a growing chain is: from 512 bytes to 128 KiB in steps of about a half, each of which is
// exactly a slot or a span, so that growth wastes nothing (the table of Redpanda's io_allocation_size).
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

/// The step behind the `steps` that a chain has grown through, or the first further one that holds `wanted` bytes; the
/// largest when none does.
constexpr size_t next_fragment_step(size_t steps, size_t wanted) {
  size_t step = std::min(steps, fragment_sizes.size() - 1);
  while (step + 1 < fragment_sizes.size() && fragment_sizes[step] < wanted) ++step;
  return step;
}

/// How many steps a chain has grown through whose last fragment has this size, which is one of the table.
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
