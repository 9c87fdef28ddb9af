// The first place of a needle in bytes that lie in one piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace corebuf {

/// SIZE_MAX when it is not there. The needle is not empty. O(bytes), whatever they are.
size_t search(std::span<const std::byte> bytes, std::span<const std::byte> needle);

}  // namespace corebuf
