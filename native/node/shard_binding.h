// This thread's shard: attaching, what it counts, what the machine can do.
#pragma once

#include <node_api.h>

namespace corebuf {

class environment;

void bind_shard(napi_env env, napi_value exports, environment& here);

}  // namespace corebuf
