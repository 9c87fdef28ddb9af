// The front of a chain as the kernel takes it in one call: fragments that lie one behind the other in memory are one vector.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <span>

#include "base/bytes.h"
#include "buffer/iobuf.h"

namespace corebuf {

/// Vectors and bytes of one system call. Copying so many bytes takes the kernel some 100 µs.
inline constexpr size_t send_vectors_max = 256;
inline constexpr size_t send_bytes_max = 1 * MiB;

class send_vectors {
 public:
  /// Names the bytes of `chain`, which stays as it is while this is used. O(vectors).
  explicit send_vectors(const iobuf& chain);

  std::span<iovec> vectors() { return {vectors_.data(), count_}; }
  size_t bytes() const { return bytes_; }

 private:
  size_t count_ = 0;
  size_t bytes_ = 0;
  std::array<iovec, send_vectors_max> vectors_;
};

}  // namespace corebuf
