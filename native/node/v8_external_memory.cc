#include "node/v8_external_memory.h"

namespace corebuf {

v8_external_memory::v8_external_memory(napi_env env) : env_(env) {}

void v8_external_memory::adjust(int64_t bytes) {
  int64_t total = 0;
  napi_adjust_external_memory(env_, bytes, &total);
}

}  // namespace corebuf
