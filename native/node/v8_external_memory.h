// external_memory for the V8 of one environment.
#pragma once

#include <node_api.h>

#include "turn/external_memory.h"

namespace corebuf {

class v8_external_memory final : public external_memory {
 public:
  explicit v8_external_memory(napi_env env);

 private:
  void adjust(int64_t bytes) override;

  const napi_env env_;
};

}  // namespace corebuf
