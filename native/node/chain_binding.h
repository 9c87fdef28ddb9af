// Operations on chains by the numbers of their slots: what IoBuf, DmaBuffer and the reader call.
#pragma once

#include <node_api.h>

namespace corebuf {

class environment;

void bind_chains(napi_env env, napi_value exports, environment& here);

}  // namespace corebuf
