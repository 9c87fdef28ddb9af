// How the files of the border put their functions on the module.
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

/// Stops without a word when the thread is being terminated while it loads the module: nothing will be called.
inline void bind_functions(napi_env env, napi_value exports, environment& here, std::span<const bound_function> functions) {
  for (const bound_function& bound : functions) {
    napi_value function = nullptr;
    if (napi_create_function(env, bound.name, NAPI_AUTO_LENGTH, bound.function, &here, &function) != napi_ok) return;
    if (napi_set_named_property(env, exports, bound.name, function) != napi_ok) return;
  }
}

}  // namespace corebuf
