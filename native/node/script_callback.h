// A batch_callback that calls a function of TypeScript by Node-API.
#pragma once

#include <node_api.h>

#include <cstdint>

#include "turn/batch_callback.h"

namespace corebuf {

class script_callback final : public batch_callback {
 public:
  /// Replaces the function that was set before, if any: one thread may load the package several times, as
  /// test runners do.
  void set(napi_env env, napi_value function, const char* name);
  /// Lets go of the function, so that it can be collected.
  void clear();

 private:
  /// The scope of a callback: microtasks and ticks run when it ends.
  class scope {
   public:
    explicit scope(const script_callback& of);
    ~scope();
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    bool open() const { return callback_scope_ != nullptr; }

   private:
    const script_callback& of_;
    napi_handle_scope handle_scope_ = nullptr;
    napi_callback_scope callback_scope_ = nullptr;
  };

  void run(uint32_t count, void (*settle)(void* context), void* context) const override;
  void call_function(uint32_t count) const;
  void report_exception() const;

  napi_env env_ = nullptr;
  napi_ref function_ = nullptr;
  napi_ref resource_ = nullptr;
  napi_async_context context_ = nullptr;
};

}  // namespace corebuf
