// Work that is linear in a chain, cut into slices, so that a GiB or a million fragments do not block a shard.
// A scan remembers its position (cursor.h says how long that is valid) and covers the bytes that the chain
// had when it began: bytes that are appended meanwhile are ignored. Beginning and continuing are O(1).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstring>

#include "base/bytes.h"
#include "buffer/cursor.h"

namespace corebuf {

/// Limits the time of a slice. It reads the clock once per piece.
class slice_quota {
 public:
  static constexpr size_t piece_max = 16 * KiB;  // at most four page faults
  static constexpr size_t fragment_cost = 512;   // in bytes: reaching one is a cache miss or two

  explicit slice_quota(std::chrono::microseconds time) : end_(clock::now() + time) {}

  /// Counts work on `bytes` of one fragment; false when the slice must end.
  bool spend(size_t bytes) {
    spent_ += bytes + fragment_cost;
    if (spent_ < piece_max) return true;
    spent_ = 0;
    return clock::now() < end_;
  }

 private:
  using clock = std::chrono::steady_clock;

  size_t spent_ = 0;
  const clock::time_point end_;
};

struct scan {
  cursor at;
  size_t left = 0;

  scan() = default;
  explicit scan(const iobuf& chain) : at(chain), left(chain.length()) {}

  /// Calls `visit(bytes)` for one piece after another until the quota is spent, nothing is left, or `visit`
  /// returns false: then the piece counts as not visited.
  template <typename Visit>
  void slice(slice_quota& quota, Visit visit) {
    at.resume();
    while (left > 0) {
      const std::span<const std::byte> piece = at.run(std::min(left, slice_quota::piece_max));
      if (!visit(piece)) return;
      at.skip(piece.size());
      left -= piece.size();
      if (!quota.spend(piece.size())) return;
    }
  }
};

/// Compares a slice with the bytes of `other`, a cursor. False at the first difference. `other` advances with
/// the scan.
template <typename Other>
bool equal_slice(scan& of, Other& other, slice_quota& quota) {
  of.at.resume();
  other.resume();
  while (of.left > 0) {
    const std::span<const std::byte> piece = of.at.run(std::min(of.left, slice_quota::piece_max));
    const std::span<const std::byte> beside = other.run(piece.size());
    if (std::memcmp(piece.data(), beside.data(), beside.size()) != 0) return false;
    of.at.skip(beside.size());
    other.skip(beside.size());
    of.left -= beside.size();
    if (!quota.spend(beside.size())) break;
  }
  return true;
}

/// Releases fragments from the front; true when the chain is empty.
bool clear_slice(shard& here, iobuf& chain, slice_quota& quota);

}  // namespace corebuf
