#include "node/script_callback.h"

#include "base/assert.h"
#include "node/results.h"

namespace corebuf {

void script_callback::set(napi_env env, napi_value function, const char* name) {
  clear();
  env_ = env;
  napi_value resource = nullptr;
  napi_value resource_name = nullptr;
  ASSERT(napi_create_object(env, &resource) == napi_ok);
  ASSERT(napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &resource_name) == napi_ok);
  ASSERT(napi_async_init(env, resource, resource_name, &context_) == napi_ok);
  ASSERT(napi_create_reference(env, function, 1, &function_) == napi_ok);
  ASSERT(napi_create_reference(env, resource, 1, &resource_) == napi_ok);
}

void script_callback::clear() {
  if (function_ == nullptr) return;
  napi_delete_reference(env_, function_);
  napi_delete_reference(env_, resource_);
  napi_async_destroy(env_, context_);
  function_ = nullptr;
}

script_callback::scope::scope(const script_callback& of) : of_(of) {
  if (of.function_ == nullptr || napi_open_handle_scope(of.env_, &handle_scope_) != napi_ok) return;
  napi_value resource = nullptr;
  napi_get_reference_value(of.env_, of.resource_, &resource);
  if (napi_open_callback_scope(of.env_, resource, of.context_, &callback_scope_) != napi_ok)
    callback_scope_ = nullptr;
}

script_callback::scope::~scope() {
  if (callback_scope_ != nullptr) napi_close_callback_scope(of_.env_, callback_scope_);
  if (handle_scope_ != nullptr) napi_close_handle_scope(of_.env_, handle_scope_);
}

void script_callback::run(uint32_t count, void (*settle)(void* context), void* context) const {
  const scope entered(*this);
  if (entered.open()) call_function(count);
  settle(context);
}

/// Fails only when the thread is being terminated: the functions that are set throw nothing.
void script_callback::call_function(uint32_t count) const {
  napi_value function = nullptr;
  napi_value global = nullptr;
  if (napi_get_reference_value(env_, function_, &function) != napi_ok ||
      napi_get_global(env_, &global) != napi_ok)
    return;
  napi_value argument = to_js(env_, count);
  if (napi_call_function(env_, global, function, 1, &argument, nullptr) == napi_pending_exception)
    report_exception();
}

void script_callback::report_exception() const {
  napi_value thrown = nullptr;
  if (napi_get_and_clear_last_exception(env_, &thrown) == napi_ok) napi_fatal_exception(env_, thrown);
}

}  // namespace corebuf
