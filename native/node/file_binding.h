// Opening, reading, writing and closing files by their numbers.
#pragma once

#include <node_api.h>

namespace corebuf {

class environment;

void bind_files(napi_env env, napi_value exports, environment& here);

}  // namespace corebuf
