// Pieces of the arenas as ArrayBuffers.
#pragma once

#include <node_api.h>

namespace corebuf {

class environment;

void bind_windows(napi_env env, napi_value exports, environment& here);

}  // namespace corebuf
