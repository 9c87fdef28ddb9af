#include "node/window_binding.h"

#include "memory/address_map.h"
#include "node/arguments.h"
#include "node/binding.h"

namespace corebuf {

namespace {

void collected(napi_env env, void*, void* size) {
  void* here = nullptr;
  if (napi_get_instance_data(env, &here) != napi_ok || here == nullptr) return;
  static_cast<environment*>(here)->external.window_collected(reinterpret_cast<uintptr_t>(size));
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
  call.here().external.window_made(size);
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
