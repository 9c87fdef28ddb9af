// A position in a chain to walk on from: two words that may be kept between calls and dropped at any time.
//
// A cursor stays valid while the holder of the chain only appends to it, shares from it or reads it. The
// caller must make sure that no other operation comes between: in TypeScript, Handle.version in
// lib/buffer/handle.ts changes with every operation that lets fragments go. So the fragment of the cursor
// still exists: appending never moves or frees one, and sharing can only replace it (iobuf::share, for a
// fragment of another home). The replaced fragment is then the origin of the proxy under its successor and
// lives as long as that does. The chain no longer needs its link, which therefore names the successor:
// resume() follows it. So chains need no list of cursors and no generation.
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
  /// At `position`, which is at most the length. O(fragments before it).
  explicit cursor(const iobuf& chain, size_t position = 0) : at_(chain.front()) { skip(position); }

  /// To be called first when the chain may have been shared from since the last use.
  void resume() {
    const fragment* next = at_ == nullptr ? nullptr : iobuf::next(at_);
    if (next != nullptr && next->of->kind == buffer_kind::proxy && next->of->origin == at_) at_ = next;
  }

  /// The bytes from here to the end of the fragment, at most `most`; none only at the end of the chain.
  std::span<const std::byte> run(size_t most = SIZE_MAX) {
    if (at_ == nullptr) return {};
    while (offset_ == at_->length && iobuf::next(at_) != nullptr) {
      at_ = iobuf::next(at_);
      offset_ = 0;
    }
    return {at_->data + offset_, std::min(most, at_->length - offset_)};
  }

  /// Moves over `bytes`, which are in the chain.
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

/// The same for contiguous bytes.
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
