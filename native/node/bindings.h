// How the functions that JavaScript calls get onto the module. Each bind_… lies in the file of its functions, <name>_binding.cc.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <span>

#include "node/environment.h"

namespace corebuf {

struct bound_function {
  const char* name;
  napi_callback function;
};

/// Leaves the module incomplete when the thread is terminated while it loads it, since nothing will be called then.
inline void bind_functions(napi_env env, napi_value exports, environment& here,
                           std::span<const bound_function> functions) {
  for (const bound_function& bound : functions) {
    napi_value function = nullptr;
    if (napi_create_function(env, bound.name, NAPI_AUTO_LENGTH, bound.function, &here, &function) != napi_ok)
      return;
    if (napi_set_named_property(env, exports, bound.name, function) != napi_ok) return;
  }
}

void bind_shard(napi_env env, napi_value exports, environment& here);
void bind_stalls(napi_env env, napi_value exports, environment& here);
void bind_windows(napi_env env, napi_value exports, environment& here);
void bind_chains(napi_env env, napi_value exports, environment& here);
void bind_wraps(napi_env env, napi_value exports, environment& here);
void bind_content(napi_env env, napi_value exports, environment& here);
void bind_messages(napi_env env, napi_value exports, environment& here);
void bind_files(napi_env env, napi_value exports, environment& here);
void bind_sockets(napi_env env, napi_value exports, environment& here);
void bind_metrics(napi_env env, napi_value exports, environment& here);

}  // namespace corebuf
