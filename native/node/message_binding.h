// Sending, answering and unpacking messages.
#pragma once

#include <node_api.h>

namespace corebuf {

class environment;

void bind_messages(napi_env env, napi_value exports, environment& here);

}  // namespace corebuf
