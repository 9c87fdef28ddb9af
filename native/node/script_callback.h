// A function of the facade that C++ calls from the event loop: once per batch, never once per item.
#pragma once

#include <node_api.h>

#include <cstdint>

namespace corebuf {

class script_callback {
 public:
  /// Takes the place of what was set before: the facade may be loaded again in a thread, as test runners do.
  void set(napi_env env, napi_value function, const char* name);

  /// Runs the function with `count`, then `settle`, then microtasks: what the caller gives back in `settle` is back before any
  /// promise that the function has settled goes on.
  template <typename Settle>
  void call(uint32_t count, Settle settle) const {
    const scope entered(*this);
    if (entered.open()) call_function(count);
    settle();
  }

 private:
  /// Microtasks and ticks run when it ends.
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

  void call_function(uint32_t count) const;
  void report_exception() const;

  napi_env env_ = nullptr;
  napi_ref function_ = nullptr;
  napi_ref resource_ = nullptr;
  napi_async_context context_ = nullptr;
};

}  // namespace corebuf
