// The kinds of arguments that entries take. parameter<T> reads one argument; `expected` names what it must be, for the error.
#pragma once

#include <node_api.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "node/environment.h"

namespace corebuf {

/// Number of a handle slot, which exists.
struct handle_slot {
  size_t number = 0;
  operator size_t() const { return number; }  // NOLINT(google-explicit-constructor)
};

/// Number of a handle block, which exists.
struct handle_block {
  size_t number = 0;
};

/// Number of an open file, and the file.
struct file_number {
  uint32_t number = 0;
  open_file* file = nullptr;

  const open_file* operator->() const { return file; }
};

/// Number of an I/O class, which exists.
struct class_number {
  uint32_t number = 0;
};

/// An ArrayBuffer, with its memory.
struct array_buffer {
  napi_value value = nullptr;
  std::span<std::byte> memory;
};

struct js_function {
  napi_value value = nullptr;
};

template <typename T>
struct parameter;

/// Any number, modulo 2^32.
template <>
struct parameter<uint32_t> {
  static constexpr const char* expected = "a number";
  bool read(napi_env env, environment&, napi_value from) { return napi_get_value_uint32(env, from, &value) == napi_ok; }
  uint32_t value = 0;
};

/// Positions and lengths.
template <>
struct parameter<uint64_t> {
  static constexpr double end = 9007199254740992;  // 2^53
  static constexpr const char* expected = "a whole number from 0 to 2^53 - 1";
  bool read(napi_env env, environment&, napi_value from) {
    double number = 0;
    if (napi_get_value_double(env, from, &number) != napi_ok || !(number >= 0 && number < end)) return false;
    value = static_cast<uint64_t>(number);
    return static_cast<double>(value) == number;
  }
  uint64_t value = 0;
};

/// A seed of 64 bits.
struct big_word {
  uint64_t value = 0;
};

template <>
struct parameter<big_word> {
  static constexpr const char* expected = "a bigint from 0 to 2n ** 64n - 1n";
  bool read(napi_env env, environment&, napi_value from) {
    bool lossless = false;
    return napi_get_value_bigint_uint64(env, from, &value.value, &lossless) == napi_ok && lossless;
  }
  big_word value;
};

template <>
struct parameter<handle_slot> {
  static constexpr const char* expected = "the number of a handle slot";
  bool read(napi_env env, environment& here, napi_value from) {
    uint32_t number = 0;
    if (napi_get_value_uint32(env, from, &number) != napi_ok || number >= here.turn.handles.slots()) return false;
    value.number = number;
    return true;
  }
  handle_slot value;
};

template <>
struct parameter<handle_block> {
  static constexpr const char* expected = "the number of a handle block";
  bool read(napi_env env, environment& here, napi_value from) {
    uint32_t number = 0;
    if (napi_get_value_uint32(env, from, &number) != napi_ok || number >= here.turn.handles.blocks()) return false;
    value.number = number;
    return true;
  }
  handle_block value;
};

template <>
struct parameter<file_number> {
  static constexpr const char* expected = "the number of an open file";
  bool read(napi_env env, environment& here, napi_value from) {
    if (napi_get_value_uint32(env, from, &value.number) != napi_ok) return false;
    value.file = here.turn.files.find(value.number);
    return value.file != nullptr;
  }
  file_number value;
};

template <>
struct parameter<class_number> {
  static constexpr const char* expected = "the number of an I/O class";
  bool read(napi_env env, environment& here, napi_value from) {
    return napi_get_value_uint32(env, from, &value.number) == napi_ok && value.number < here.turn.files.classes().size();
  }
  class_number value;
};

/// The memory of a Uint8Array; none when it is empty or detached.
template <>
struct parameter<std::span<std::byte>> {
  static constexpr const char* expected = "a Uint8Array";
  bool read(napi_env env, environment&, napi_value from) {
    napi_typedarray_type type{};
    void* data = nullptr;
    size_t length = 0;
    if (napi_get_typedarray_info(env, from, &type, &length, &data, nullptr, nullptr) != napi_ok || type != napi_uint8_array) return false;
    value = {static_cast<std::byte*>(data), length};
    return true;
  }
  std::span<std::byte> value;
};

/// A Uint8Array as JavaScript holds it.
struct array_of_bytes {
  napi_value value = nullptr;
};

template <>
struct parameter<array_of_bytes> {
  static constexpr const char* expected = "a Uint8Array";
  bool read(napi_env env, environment& here, napi_value from) {
    value.value = from;
    return parameter<std::span<std::byte>>().read(env, here, from);
  }
  array_of_bytes value;
};

template <>
struct parameter<array_buffer> {
  static constexpr const char* expected = "an ArrayBuffer";
  bool read(napi_env env, environment&, napi_value from) {
    void* data = nullptr;
    size_t length = 0;
    value.value = from;
    if (napi_get_arraybuffer_info(env, from, &data, &length) != napi_ok) return false;
    value.memory = {static_cast<std::byte*>(data), length};
    return true;
  }
  array_buffer value;
};

template <>
struct parameter<js_function> {
  static constexpr const char* expected = "a function";
  bool read(napi_env env, environment&, napi_value from) {
    napi_valuetype type{};
    value.value = from;
    return napi_typeof(env, from, &type) == napi_ok && type == napi_function;
  }
  js_function value;
};

template <>
struct parameter<std::string> {
  static constexpr const char* expected = "a string";
  bool read(napi_env env, environment&, napi_value from) {
    size_t length = 0;
    if (napi_get_value_string_utf8(env, from, nullptr, 0, &length) != napi_ok) return false;
    value.resize(length + 1);
    if (napi_get_value_string_utf8(env, from, value.data(), value.size(), &length) != napi_ok) return false;
    value.resize(length);
    return true;
  }
  std::string value;
};

}  // namespace corebuf
