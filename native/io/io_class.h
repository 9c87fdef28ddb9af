// Kinds of work that share the disk: what users wait for, what can wait. The classes of one shard, known by small numbers;
// the first is "default". io_scheduler makes the shares come true.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace corebuf {

inline constexpr size_t io_classes_max = 16;
inline constexpr uint32_t io_shares_max = 1000;
inline constexpr uint32_t io_shares_default = 100;

struct io_class {
  std::string name;
  uint32_t shares = io_shares_default;  // 1 … io_shares_max
  uint64_t queued = 0;                  // reads and writes that the scheduler holds
  uint64_t in_flight = 0;               // and those that the engine has
  uint64_t completed = 0;               // well or not
  uint64_t bytes = 0;                   // moved by them
  uint64_t waited_us = 0;               // held back, all together
};

class io_classes {
 public:
  io_classes() { find_or_make("default"); }

  /// Its number; io_classes_max when there are so many already.
  size_t find_or_make(std::string_view name) {
    size_t number = 0;
    while (number < size_ && classes_[number].name != name) ++number;
    if (number == size_ && size_ < io_classes_max) classes_[size_++].name = name;
    return number;
  }

  size_t size() const { return size_; }
  io_class& operator[](size_t number) {
    ASSERT(number < size_);
    return classes_[number];
  }
  const io_class& operator[](size_t number) const {
    ASSERT(number < size_);
    return classes_[number];
  }

 private:
  std::array<io_class, io_classes_max> classes_;
  size_t size_ = 0;
};

}  // namespace corebuf
