// How many items one call into JavaScript brings. Handling one may take a nanosecond or a millisecond. So a batch has about as
// many items as have lately taken 100 µs: the clock is read seldom, and a turn still ends in time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace corebuf {

class batch_pace {
 public:
  explicit batch_pace(size_t most) : most_(most) {}

  size_t next() const { return next_; }

  /// A batch of `items`, of which there is one at least, has taken so long.
  void took(uint64_t batch_ns, size_t items) {
    const uint64_t each_ns = std::max<uint64_t>(batch_ns / items, 1);
    next_ = std::clamp<size_t>(target_ns / each_ns, std::max<size_t>(next_ / 4, 1), std::min<size_t>(next_ * 2, most_));
  }

 private:
  static constexpr uint64_t target_ns = 100'000;

  const size_t most_;
  size_t next_ = 16;
};

}  // namespace corebuf
