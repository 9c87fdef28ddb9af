// The stall watch of this thread, as JavaScript sees it.
#include <napi.h>

#include "node/entry.h"
#include "node/results.h"

namespace corebuf {

namespace {

/// onStalls(callback)
napi_value on_stalls(const entry_call& call, js_function callback) {
  call.here.on_stalls.set(call.env, callback.value, "corebuf:stalls");
  return to_js(call.env, error_code::none);
}

/// takeStall(): {blockedFor, onCpuFor, suppressed, handler, stack}, or null when there is none
napi_value take_stall(const entry_call& call) {
  const napi_env env = call.env;
  const std::optional<stall_report> report = call.here.turn.stalls.take();
  if (!report) return Napi::Env(env).Null();
  Napi::Object described = Napi::Object::New(env);
  described["blockedFor"] = Napi::Number::New(env, static_cast<double>(report->blocked_us));
  described["onCpuFor"] = Napi::Number::New(env, static_cast<double>(report->on_cpu_us));
  described["suppressed"] = Napi::Number::New(env, static_cast<double>(report->suppressed));
  described["handler"] = Napi::Number::New(env, report->handler);
  described["stack"] = Napi::String::New(env, report->stack);
  return described;
}

/// setStallThreshold(microseconds)
napi_value set_stall_threshold(const attached_call& call, uint32_t microseconds) {
  call.here.turn.set_stall_threshold(microseconds);
  return to_js(call.env, error_code::none);
}

/// stallStacks(): whether reports of stalls can have stacks
napi_value stall_stacks(const entry_call& call) {
  return Napi::Boolean::New(call.env, interrupts_reachable());
}

}  // namespace

void bind_stalls(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      entry<"onStalls", on_stalls>,
      entry<"takeStall", take_stall>,
      entry<"setStallThreshold", set_stall_threshold>,
      entry<"stallStacks", stall_stacks>,
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
