// A place in a chain, to walk on from: two words that may be kept between calls and thrown away at any time.
//
// It is good for as long as the chain's holder has only appended to the chain, shared from it or looked at
// it; whoever else keeps one must see to it that no other verb comes between (in Node: Handle.version of
// lib/handle.ts, which changes with every verb that lets fragments go). So the fragment it is at is there:
// appending never moves or frees one, and sharing can only put another in its place (iobuf::share on a
// fragment of another home). The one that was replaced is then the origin of the proxy under its successor
// and lives as long as that does, and its link, which the successor's place in the chain no longer needs,
// names the successor: resume() follows it. No list of cursors, no generation in chains.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "buffer/iobuf.h"

namespace corebuf {

class cursor {
 public:
  cursor() = default;
  /// O(fragments before `position`), which is not past the end.
  explicit cursor(const iobuf& chain, size_t position = 0) : at_(chain.front()) { skip(position); }

  /// After the chain may have been shared from.
  void resume() {
    const fragment* next = at_ == nullptr ? nullptr : iobuf::next(at_);
    if (next != nullptr && next->of->kind == buffer_kind::proxy && next->of->origin == at_) at_ = next;
  }

  /// The bytes from here to the end of the fragment, `most` at most: none only at the end of the chain.
  std::span<const std::byte> run(size_t most = SIZE_MAX) {
    if (at_ == nullptr) return {};
    while (offset_ == at_->length && iobuf::next(at_) != nullptr) {
      at_ = iobuf::next(at_);
      offset_ = 0;
    }
    return {at_->data + offset_, std::min(most, at_->length - offset_)};
  }

  /// Over bytes that are there.
  void skip(size_t bytes) {
    while (bytes > 0) {
      const size_t skipped = run(bytes).size();
      offset_ += skipped;
      bytes -= skipped;
    }
  }

 private:
  const fragment* at_ = nullptr;
  size_t offset_ = 0;
};

/// The same for bytes that lie in one piece.
class flat_cursor {
 public:
  explicit flat_cursor(std::span<const std::byte> bytes) : left_(bytes) {}
  void resume() {}
  std::span<const std::byte> run(size_t most = SIZE_MAX) const {
    return left_.first(std::min(most, left_.size()));
  }
  void skip(size_t bytes) { left_ = left_.subspan(bytes); }

 private:
  std::span<const std::byte> left_;
};

}  // namespace corebuf
