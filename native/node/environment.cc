#include "node/environment.h"

#include "base/assert.h"

namespace corebuf {

error_code environment::attach(const attach_options& options) {
  ASSERT(!attached());
  uv_loop_s* uv_loop = nullptr;
  ASSERT(napi_get_uv_event_loop(env_, &uv_loop) == napi_ok);
  const error_code failure = loop.open(uv_loop, turn) ? turn.attach(options) : error_code::out_of_memory;
  if (failure != error_code::none) loop.close();
  return failure;
}

void environment::shut() {
  if (!attached()) return;
  turn.shut();
  loop.close();
}

bool environment::leave() {
  if (!attached() || turn.running()) return false;
  shut();
  on_messages.clear();
  on_completions.clear();
  on_stalls.clear();
  on_sockets.clear();
  return true;
}

}  // namespace corebuf
