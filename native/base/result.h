// A value, or the error that replaced it. T is cheap to move and default constructible (pointers, sizes, file
// descriptors), which keeps a result two words and without a union.
#pragma once

#include <utility>

#include "base/assert.h"
#include "base/error.h"

namespace corebuf {

template <typename T>
class [[nodiscard]] result {
 public:
  constexpr result(T value) : value_(std::move(value)) {}
  constexpr result(error failure) : error_(failure) { ASSERT(failure.code != error_code::none); }
  constexpr result(error_code code) : result(error{code, 0}) {}

  constexpr bool ok() const { return error_.code == error_code::none; }
  constexpr explicit operator bool() const { return ok(); }

  constexpr T& value() {
    ASSERT(ok());
    return value_;
  }
  constexpr const T& value() const {
    ASSERT(ok());
    return value_;
  }
  constexpr corebuf::error failure() const { return error_; }

 private:
  T value_{};
  corebuf::error error_{};
};

}  // namespace corebuf
