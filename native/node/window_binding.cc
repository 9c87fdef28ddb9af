// Parts of the arenas as ArrayBuffers. Arenas stay mapped for the life of the process, so an ArrayBuffer may live longer than the memory
// that it shows.
#include <algorithm>

#include "memory/address_map.h"
#include "node/backing_store.h"
#include "node/entry.h"
#include "node/results.h"
#include "turn/records.h"

namespace corebuf {

namespace {

/// externalBuffers(): whether ArrayBuffers can show memory that is not V8's
napi_value external_buffers(const entry_call& call) {
  call.here.windows_allowed = external_buffers_allowed(call.env);
  napi_value allowed = nullptr;
  napi_get_boolean(call.env, call.here.windows_allowed, &allowed);
  return allowed;
}

/// openWindow(region, offset, length): an ArrayBuffer over that part of the arenas. V8 counts no memory for it, and calls nobody when it is
/// collected.
napi_value open_window(const attached_call& call, uint64_t region, uint64_t offset, uint64_t size) {
  const uint64_t regions = the_address_map->arena_size() / region_size * shards_max;
  if (region >= regions || offset > (regions - region) * region_size) return call.refuse("there is no such region");
  if (size > std::min<uint64_t>((regions - region) * region_size - offset, fragment_record::length_max)) {
    return call.refuse("the range is not in the arenas, or too long");
  }
  if (!call.here.windows_allowed) return call.refuse("ask externalBuffers() first; it may say no");
  return array_buffer_over(reinterpret_cast<void*>(the_address_map->base() + region * region_size + offset), size);
}

/// detach(buffer): its views have length 0 afterwards
napi_value detach(const entry_call& call, array_buffer buffer) {
  allow_detaching(call.env, buffer.value);
  if (napi_detach_arraybuffer(call.env, buffer.value) != napi_ok) return call.refuse("this ArrayBuffer cannot be detached");
  return to_js(call.env, error_code::none);
}

}  // namespace

void bind_windows(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      entry<"externalBuffers", external_buffers>, entry<"openWindow", open_window>, entry<"detach", detach>};
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
