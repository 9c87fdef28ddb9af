// The arguments of one call from JavaScript, and the numbers it returns. TypeScript has validated them: what does not
// fit here is a mistake of ours. Numbers that are errors are negative error codes.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.h"
#include "base/error.h"

namespace corebuf {

class environment;

template <size_t Count>
class arguments {
 public:
  arguments(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = Count;
    void* data = nullptr;
    ASSERT(napi_get_cb_info(env, info, &count, values_, nullptr, &data) == napi_ok);
    ASSERT(count >= Count);
    environment_ = static_cast<environment*>(data);
  }

  environment& here() const { return *environment_; }
  napi_value raw(size_t index) const { return values_[index]; }

  uint32_t word(size_t index) const {
    uint32_t value = 0;
    ASSERT(napi_get_value_uint32(env_, values_[index], &value) == napi_ok);
    return value;
  }

  double number(size_t index) const {
    double value = 0;
    ASSERT(napi_get_value_double(env_, values_[index], &value) == napi_ok);
    return value;
  }

  /// A BigInt of 64 bits without a sign.
  uint64_t big(size_t index) const {
    uint64_t value = 0;
    bool lossless = false;
    ASSERT(napi_get_value_bigint_uint64(env_, values_[index], &value, &lossless) == napi_ok);
    ASSERT(lossless);
    return value;
  }

  /// Positions and lengths: whole numbers below 2^53.
  uint64_t size(size_t index) const { return static_cast<uint64_t>(number(index)); }

  /// The memory of a Uint8Array.
  std::span<std::byte> bytes(size_t index) const {
    void* data = nullptr;
    size_t length = 0;
    ASSERT(napi_get_typedarray_info(env_, values_[index], nullptr, &length, &data, nullptr, nullptr) == napi_ok);
    return {static_cast<std::byte*>(data), length};
  }

  /// For the life of the thread: memory that C++ goes on using.
  void keep(size_t index) const {
    napi_ref kept = nullptr;
    ASSERT(napi_create_reference(env_, values_[index], 1, &kept) == napi_ok);
  }

  /// The memory of an ArrayBuffer.
  std::span<std::byte> memory(size_t index) const {
    void* data = nullptr;
    size_t length = 0;
    ASSERT(napi_get_arraybuffer_info(env_, values_[index], &data, &length) == napi_ok);
    return {static_cast<std::byte*>(data), length};
  }

 private:
  const napi_env env_;
  environment* environment_ = nullptr;
  napi_value values_[Count == 0 ? 1 : Count];
};

inline napi_value to_js(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}

inline napi_value to_js(napi_env env, int32_t value) {
  napi_value result = nullptr;
  napi_create_int32(env, value, &result);
  return result;
}

inline napi_value to_js(napi_env env, uint32_t value) {
  napi_value result = nullptr;
  napi_create_uint32(env, value, &result);
  return result;
}

inline napi_value to_js(napi_env env, error_code code) { return to_js(env, -static_cast<int32_t>(code)); }

/// 0, or out_of_memory: what most operations on chains come to.
inline napi_value done_or_out_of_memory(napi_env env, bool done) {
  return to_js(env, done ? error_code::none : error_code::out_of_memory);
}

}  // namespace corebuf
