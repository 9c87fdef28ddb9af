#include "node/file_binding.h"

#include <napi.h>

#include <cstring>
#include <utility>
#include <vector>

#include "node/arguments.h"
#include "node/binding.h"
#include "node/environment.h"

namespace corebuf {

namespace {

/// A negative error code; what the kernel said is -(errno_base + errno).
constexpr int32_t errno_base = 1000;

napi_value failed(napi_env env, error failure) {
  return failure.code == error_code::io ? to_js(env, -(errno_base + failure.os_errno)) : to_js(env, failure.code);
}

/// fileOpen(fd, engine): {file, direct, memory, offset, source, engine}, or a negative number.
napi_value file_open(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  environment& here = call.here();
  const auto opened = here.files.open(here.loop, static_cast<int>(call.word(0)), static_cast<engine_kind>(call.word(1)));
  if (!opened) return failed(env, opened.failure());
  const open_file& file = here.files[opened.value()];
  Napi::Object described = Napi::Object::New(env);
  described["file"] = Napi::Number::New(env, opened.value());
  described["direct"] = Napi::Boolean::New(env, file.file.direct());
  described["memory"] = Napi::Number::New(env, file.file.alignment().memory);
  described["offset"] = Napi::Number::New(env, file.file.alignment().offset);
  described["source"] = Napi::String::New(env, file.file.alignment().source);
  described["engine"] = Napi::String::New(env, file.engine->name());
  return described;
}

napi_value started(napi_env env, environment& here, const open_file& file, result<file_operation*> operation, uint32_t number,
                   uint32_t io_class = 0) {
  if (!operation) return failed(env, operation.failure());
  ASSERT(io_class < here.files.classes().size());
  operation.value()->work = static_cast<uint8_t>(io_class);
  here.files.start(here.loop, *file.engine, operation.value(), number);
  return to_js(env, error_code::none);
}

/// fileRead(file, position, length, number, class)
napi_value file_read(napi_env env, napi_callback_info info) {
  const arguments<5> call(env, info);
  environment& here = call.here();
  const open_file& file = here.files[call.word(0)];
  return started(env, here, file, file_operation::read(here.home(), file.file, call.size(1), call.size(2)), call.word(3), call.word(4));
}

/// fileWrite(file, position, slot, durable, number, class)
napi_value file_write(napi_env env, napi_callback_info info) {
  const arguments<6> call(env, info);
  environment& here = call.here();
  const open_file& file = here.files[call.word(0)];
  const open_handle data(here.home(), here.handles[call.word(2)]);
  const bool durable = call.word(3) != 0;
  return started(env, here, file, file_operation::write(here.home(), file.file, call.size(1), *data, durable), call.word(4),
                 call.word(5));
}

/// fileSync(file, dataOnly, number)
napi_value file_sync(napi_env env, napi_callback_info info) {
  const arguments<3> call(env, info);
  environment& here = call.here();
  const open_file& file = here.files[call.word(0)];
  const io_op op = call.word(1) != 0 ? io_op::datasync : io_op::sync;
  return started(env, here, file, file_operation::flush(here.home(), file.file, op), call.word(2));
}

/// fileSpace(file, punch, position, length, number)
napi_value file_space(napi_env env, napi_callback_info info) {
  const arguments<5> call(env, info);
  environment& here = call.here();
  const open_file& file = here.files[call.word(0)];
  const io_op op = call.word(1) != 0 ? io_op::punch : io_op::allocate;
  return started(env, here, file, file_operation::space(here.home(), file.file, op, call.size(2), call.size(3)), call.word(4));
}

/// ioClass(name): its number, or constants.ioClassesMax when there are too many
napi_value io_class_of(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  const std::string name = Napi::String(env, call.raw(0)).Utf8Value();
  return to_js(env, static_cast<uint32_t>(call.here().files.classes().find_or_make(name)));
}

/// ioShares(class, shares): 0 only asks. What they are.
napi_value io_shares(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  io_class& its = call.here().files.classes()[call.word(0)];
  if (call.word(1) != 0) its.shares = call.word(1);
  return to_js(env, its.shares);
}

/// fileDescriptor(file): the file's own, for what node:fs does with it while something is in flight.
napi_value file_descriptor(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  return to_js(env, call.here().files[call.word(0)].file.fd());
}

/// fileSize(file)
napi_value file_size(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  const auto size = call.here().files[call.word(0)].file.size();
  return size ? to_js(env, static_cast<double>(size.value())) : failed(env, size.failure());
}

napi_value file_close(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  call.here().files.close(call.word(0));
  return to_js(env, error_code::none);
}

/// injectFaults(seed, rules): for tests; rules are fault_rules, one after the other, in a Uint8Array
napi_value inject_faults(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const std::span<std::byte> bytes = call.bytes(1);
  std::vector<fault_rule> rules(bytes.size() / sizeof(fault_rule));
  ASSERT(rules.size() * sizeof(fault_rule) == bytes.size());
  if (!rules.empty()) std::memcpy(rules.data(), bytes.data(), bytes.size());
  return to_js(env, call.here().files.inject(call.word(0), std::move(rules)));
}

/// claimRead(ordinal, slot)
napi_value claim_read(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  environment& here = call.here();
  const open_handle into(here.home(), here.handles[call.word(1)]);
  *into = here.files.claim(call.word(0));
  return to_js(env, error_code::none);
}

}  // namespace

void bind_files(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      {"fileOpen", file_open}, {"fileRead", file_read},   {"fileWrite", file_write}, {"fileSync", file_sync},
      {"fileSize", file_size}, {"fileClose", file_close}, {"claimRead", claim_read}, {"fileSpace", file_space},
      {"fileDescriptor", file_descriptor}, {"ioClass", io_class_of}, {"ioShares", io_shares},
      {"injectFaults", inject_faults},
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
