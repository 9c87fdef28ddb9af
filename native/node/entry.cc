#include "node/entry.h"

#include <cstdio>

namespace corebuf {

namespace {

constexpr size_t message_max = 256;

}  // namespace

napi_value entry_call::refuse(const char* why) const {
  char message[message_max];
  std::snprintf(message, sizeof message, "corebuf: %s(): %s", name_, why);
  napi_throw_range_error(env, "ERR_OUT_OF_RANGE", message);
  return nullptr;
}

napi_value entry_call::refuse_argument(size_t index, const char* expected) const {
  char message[message_max];
  std::snprintf(message, sizeof message, "corebuf: argument %zu of %s() must be %s", index + 1, name_, expected);
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return nullptr;
}

napi_value entry_call::refuse_without_shard() const {
  char message[message_max];
  std::snprintf(message, sizeof message, "corebuf: %s() needs a shard, and this thread has none: call attach() first", name_);
  napi_throw_error(env, "ERR_INVALID_STATE", message);
  return nullptr;
}

void entry_call::keep(napi_value value) const {
  napi_ref kept = nullptr;
  ASSERT(napi_create_reference(env, value, 1, &kept) == napi_ok);
}

}  // namespace corebuf
