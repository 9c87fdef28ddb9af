// JavaScript's memory as fragments of chains, and what shows it again.
#pragma once

#include <node_api.h>

namespace corebuf {

class environment;

void bind_wraps(napi_env env, napi_value exports, environment& here);

}  // namespace corebuf
