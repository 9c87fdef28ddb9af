// The content of a chain, however it is divided into fragments: comparing, matching, finding. Bytes compare
// as memcmp does. O(bytes looked at), and O(fragments before it) to reach a position.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "buffer/iobuf.h"

namespace corebuf {

/// -1, 0 or 1, as memcmp.
int compare(const iobuf& chain, const iobuf& other);
int compare(const iobuf& chain, std::span<const std::byte> other);

bool equals(const iobuf& chain, const iobuf& other);
bool equals(const iobuf& chain, std::span<const std::byte> other);

/// True when `wanted` lies in the chain at `position`, which is not past the end.
bool matches_at(const iobuf& chain, size_t position, const iobuf& wanted);
bool matches_at(const iobuf& chain, size_t position, std::span<const std::byte> wanted);

inline bool starts_with(const iobuf& chain, const iobuf& prefix) { return matches_at(chain, 0, prefix); }
inline bool starts_with(const iobuf& chain, std::span<const std::byte> prefix) {
  return matches_at(chain, 0, prefix);
}

inline constexpr size_t not_found = SIZE_MAX;

/// The first position from `from` on, which is at most the length, where `needle` begins, or not_found; an
/// empty needle is found everywhere. Linear in the length of the chain. A needle of more than 4 KiB needs
/// memory of four times its size from the C++ heap, not the shard's: the one error is out_of_memory.
result<size_t> find(const iobuf& chain, std::span<const std::byte> needle, size_t from = 0);

}  // namespace corebuf
