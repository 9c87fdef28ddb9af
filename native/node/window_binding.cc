#include "node/window_binding.h"

#include "memory/address_map.h"
#include "node/arguments.h"
#include "node/binding.h"

namespace corebuf {

namespace {

/// V8 counts an external buffer as memory that collecting it would free. It would free nothing, so it is counted out when
/// the buffer is made and in again when it is collected.
void count_external(napi_env env, int64_t bytes) {
  int64_t total = 0;
  napi_adjust_external_memory(env, bytes, &total);
}

void collected(napi_env env, void*, void* size) {
  count_external(env, static_cast<int64_t>(reinterpret_cast<uintptr_t>(size)));
}

/// window(piece, offset, length): an ArrayBuffer over that part of the arenas, or null where external buffers are forbidden.
/// Arenas stay mapped for the life of the process, so the buffer may outlive whatever it shows.
napi_value window(napi_env env, napi_callback_info info) {
  const arguments<3> call(env, info);
  void* start = reinterpret_cast<void*>(the_address_map->base() + call.size(0) * window_size + call.size(1));
  const size_t size = call.size(2);
  napi_value buffer = nullptr;
  if (napi_create_external_arraybuffer(env, start, size, collected, reinterpret_cast<void*>(size), &buffer) != napi_ok) {
    ASSERT(napi_get_null(env, &buffer) == napi_ok);
    return buffer;
  }
  count_external(env, -static_cast<int64_t>(size));
  return buffer;
}

/// detach(buffer): its views have length 0 from now on
napi_value detach(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  ASSERT(napi_detach_arraybuffer(env, call.raw(0)) == napi_ok);
  return to_js(env, error_code::none);
}

}  // namespace

void bind_windows(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {{"window", window}, {"detach", detach}};
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
