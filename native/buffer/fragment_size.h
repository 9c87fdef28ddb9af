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

/// The smallest step that is larger than the `previous` fragment and holds `wanted` bytes, or the largest step there is.
constexpr size_t next_fragment_size(size_t previous, size_t wanted) {
  const size_t least = std::max(previous + 1, wanted);
  const auto found = std::lower_bound(fragment_sizes.begin(), fragment_sizes.end(), least);
  return found == fragment_sizes.end() ? fragment_size_max : *found;
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
