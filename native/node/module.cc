// The module: one environment per JavaScript thread that loads it, with the functions and the constants.
#include <napi.h>

#include "node/bindings.h"
#include "node/constants.h"
#include "node/environment.h"
#include "shard/os_cpu.h"

namespace corebuf {

namespace {

Napi::Object load(Napi::Env env, Napi::Object exports) {
  cpus_allowed();  // Asked before this package pins a thread, because workers inherit the mask of the thread that starts them.
  auto* here = new environment(env);
  ASSERT(napi_add_env_cleanup_hook(
             env, [](void* data) { static_cast<environment*>(data)->shut(); }, here) == napi_ok);
  // Freed last, because finalizers run after the cleanup hooks.
  env.SetInstanceData(here);
  exports["constants"] = constants(env);
  bind_shard(env, exports, *here);
  bind_stalls(env, exports, *here);
  bind_windows(env, exports, *here);
  bind_chains(env, exports, *here);
  bind_wraps(env, exports, *here);
  bind_content(env, exports, *here);
  bind_messages(env, exports, *here);
  bind_files(env, exports, *here);
  bind_sockets(env, exports, *here);
  bind_metrics(env, exports, *here);
  return exports;
}

}  // namespace

}  // namespace corebuf

static Napi::Object load_module(Napi::Env env, Napi::Object exports) { return corebuf::load(env, exports); }

NODE_API_MODULE(corebuf, load_module)
