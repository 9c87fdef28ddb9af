// Finding a needle in contiguous bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace corebuf {

/// The first position of the needle, which is not empty; SIZE_MAX when it is not found. O(bytes), whatever
/// they are.
size_t search(std::span<const std::byte> bytes, std::span<const std::byte> needle);

}  // namespace corebuf
