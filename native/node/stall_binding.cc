#include "node/stall_binding.h"

#include <napi.h>

#include "node/arguments.h"
#include "node/binding.h"
#include "node/environment.h"

namespace corebuf {

namespace {

/// onStalls(callback)
napi_value on_stalls(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  call.here().on_stalls.set(env, call.raw(0), "corebuf:stalls");
  return to_js(env, error_code::none);
}

/// takeStall(): {blockedFor, suppressed, handler, stack}, or null when there is none
napi_value take_stall(napi_env env, napi_callback_info info) {
  const std::optional<stall_report> report = arguments<0>(env, info).here().stalls.take();
  if (!report) return Napi::Env(env).Null();
  Napi::Object described = Napi::Object::New(env);
  described["blockedFor"] = Napi::Number::New(env, static_cast<double>(report->blocked_us));
  described["suppressed"] = Napi::Number::New(env, static_cast<double>(report->suppressed));
  described["handler"] = Napi::Number::New(env, report->handler);
  described["stack"] = Napi::String::New(env, report->stack);
  return described;
}

/// setStallThreshold(microseconds)
napi_value set_stall_threshold(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  call.here().set_stall_threshold(call.word(0));
  return to_js(env, error_code::none);
}

/// stallStacks(): whether reports can have stacks
napi_value stall_stacks(napi_env env, napi_callback_info) {
  return Napi::Boolean::New(env, interrupts_reachable());
}

}  // namespace

void bind_stalls(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      {"onStalls", on_stalls},
      {"takeStall", take_stall},
      {"setStallThreshold", set_stall_threshold},
      {"stallStacks", stall_stacks},
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
