// The stall watch of this thread, as JavaScript sees it.
#pragma once

#include <node_api.h>

namespace corebuf {

class environment;

void bind_stalls(napi_env env, napi_value exports, environment& here);

}  // namespace corebuf
