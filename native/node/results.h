// The numbers that native functions return to JavaScript. 0 and above is success, a number below 0 is an
// error: minus an error_code, or, when the kernel refused, errno_base - errno.
#pragma once

#include <node_api.h>

#include <cstdint>

#include "base/error.h"

namespace corebuf {

inline constexpr int32_t errno_base = -1000;
static_assert(errno_base < -static_cast<int32_t>(error_code::io),
              "an errno is never taken for an error_code");

constexpr int32_t number_of(error_code code) { return -static_cast<int32_t>(code); }
constexpr int32_t number_of(error failure) {
  return failure.code == error_code::io ? errno_base - failure.os_errno : number_of(failure.code);
}

/// Result of wrapping(): the kinds of JavaScript memory that a chain may refer to; each includes the ones
/// before it.
enum class wrappable : uint32_t { nothing, shared, all };

/// Result of wrap() when it has refused the bytes: they lie in an arena, or their ArrayBuffer is resizable or
/// detached.
enum class wrap_refusal : int32_t { arena = 1, resizable, detached };

inline napi_value to_js(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}

// One of the two is uint64_t and size_t on Linux; on macOS they differ.
inline napi_value to_js(napi_env env, unsigned long value) { return to_js(env, static_cast<double>(value)); }
inline napi_value to_js(napi_env env, unsigned long long value) { return to_js(env, static_cast<double>(value)); }

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

inline napi_value to_js(napi_env env, error_code code) { return to_js(env, number_of(code)); }
inline napi_value to_js(napi_env env, error failure) { return to_js(env, number_of(failure)); }
inline napi_value to_js(napi_env env, wrappable kind) { return to_js(env, static_cast<uint32_t>(kind)); }
inline napi_value to_js(napi_env env, wrap_refusal why) { return to_js(env, static_cast<int32_t>(why)); }

/// 0, or the number of out_of_memory: the result of most operations on chains.
inline napi_value done_or_out_of_memory(napi_env env, bool done) {
  return to_js(env, done ? error_code::none : error_code::out_of_memory);
}

}  // namespace corebuf
