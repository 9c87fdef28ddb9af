// Arithmetic on sizes and addresses. Every size is in bytes unless its name says otherwise.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace corebuf {

inline constexpr size_t KiB = size_t{1} << 10;
inline constexpr size_t MiB = size_t{1} << 20;
inline constexpr size_t GiB = size_t{1} << 30;

constexpr bool is_power_of_two(size_t value) { return std::has_single_bit(value); }

/// `alignment` is a power of two, here and below.
constexpr size_t align_down(size_t value, size_t alignment) { return value & ~(alignment - 1); }
constexpr size_t align_up(size_t value, size_t alignment) { return align_down(value + alignment - 1, alignment); }
constexpr bool is_aligned(size_t value, size_t alignment) { return (value & (alignment - 1)) == 0; }

inline uintptr_t address_of(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

/// The number of bits below the highest one: log2_floor(1) == 0.
constexpr unsigned log2_floor(size_t value) { return static_cast<unsigned>(std::bit_width(value)) - 1; }
constexpr unsigned log2_ceil(size_t value) { return static_cast<unsigned>(std::bit_width(value - 1)); }

}  // namespace corebuf
