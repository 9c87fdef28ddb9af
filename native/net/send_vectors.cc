#include "net/send_vectors.h"

#include <algorithm>

namespace corebuf {

send_vectors::send_vectors(const iobuf& chain) {
  const std::byte* end = nullptr;
  for (const fragment* at = chain.front(); at != nullptr && bytes_ < send_bytes_max; at = iobuf::next(at)) {
    const size_t length = std::min(at->length, send_bytes_max - bytes_);
    if (at->data == end) {
      vectors_[count_ - 1].iov_len += length;
    } else if (count_ < send_vectors_max) {
      vectors_[count_++] = {.iov_base = at->data, .iov_len = length};
    } else {
      break;
    }
    end = at->data + length;
    bytes_ += length;
  }
}

}  // namespace corebuf
