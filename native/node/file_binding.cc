// Opening, reading, writing and closing files by their numbers.
#include <napi.h>

#include <cstring>
#include <utility>
#include <vector>

#include "io/io_class.h"
#include "node/entry.h"
#include "node/opened.h"
#include "node/results.h"

namespace corebuf {

namespace {

/// fileOpen(fd, engine, direct): {file, direct, memory, offset, source, engine}, or an error below 0
napi_value file_open(const attached_call& call, uint32_t fd, uint32_t engine, uint32_t direct) {
  if (engine > static_cast<uint32_t>(engine_kind::threads)) return call.refuse("there is no such engine");
  const auto opened = call.files().open(call.here.turn.loop(), static_cast<int>(fd), static_cast<engine_kind>(engine), direct != 0);
  if (!opened) return to_js(call.env, opened.failure());
  const open_file& file = call.files()[opened.value()];
  Napi::Object described = Napi::Object::New(call.env);
  described["file"] = Napi::Number::New(call.env, opened.value());
  described["direct"] = Napi::Boolean::New(call.env, file.file.direct());
  described["memory"] = Napi::Number::New(call.env, file.file.alignment().memory);
  described["offset"] = Napi::Number::New(call.env, file.file.alignment().offset);
  described["source"] = Napi::String::New(call.env, file.file.alignment().source);
  described["engine"] = Napi::String::New(call.env, file.engine->name());
  return described;
}

napi_value started(const attached_call& call, file_number file, result<file_operation*> operation, uint32_t number, class_number of = {}) {
  if (!operation) return to_js(call.env, operation.failure());
  operation.value()->work = static_cast<uint8_t>(of.number);
  call.files().start(call.here.turn.loop(), file.number, operation.value(), number);
  return to_js(call.env, error_code::none);
}

/// fileRead(file, position, length, number, class)
napi_value file_read(const attached_call& call, file_number file, uint64_t position, uint64_t length, uint32_t number, class_number of) {
  return started(call, file, file_operation::read(call.home(), file->file, position, length), number, of);
}

/// fileWrite(file, position, slot, durable, number, class)
napi_value file_write(const attached_call& call, file_number file, uint64_t position, handle_slot slot, uint32_t durable, uint32_t number,
                      class_number of) {
  const open_handle data(call.home(), call.handles().to_change(slot));
  return started(call, file, file_operation::write(call.home(), file->file, position, *data, durable != 0), number, of);
}

/// fileSync(file, dataOnly, number)
napi_value file_sync(const attached_call& call, file_number file, uint32_t data_only, uint32_t number) {
  const io_op op = data_only != 0 ? io_op::datasync : io_op::sync;
  return started(call, file, file_operation::flush(call.home(), file->file, op), number);
}

/// fileSpace(file, punch, position, length, number)
napi_value file_space(const attached_call& call, file_number file, uint32_t punch, uint64_t position, uint64_t length, uint32_t number) {
  const io_op op = punch != 0 ? io_op::punch : io_op::allocate;
  return started(call, file, file_operation::space(call.home(), file->file, op, position, length), number);
}

/// ioClass(name): its number, or constants.ioClassesMax when there are too many
napi_value io_class_of(const entry_call& call, std::string name) {
  return to_js(call.env, static_cast<uint32_t>(call.here.turn.files.classes().find_or_make(name)));
}

/// setIoShares(class, shares): sets the shares of the class
napi_value set_io_shares(const entry_call& call, class_number of, uint32_t shares) {
  if (shares == 0 || shares > io_shares_max) return call.refuse("no class may have so many shares");
  call.here.turn.files.classes()[of.number].shares = shares;
  return to_js(call.env, error_code::none);
}

/// setIoGoal(class, microseconds)
napi_value set_io_goal(const entry_call& call, class_number of, uint32_t microseconds) {
  if (microseconds > io_goal_us_max) return call.refuse("no class may have so long a latency goal");
  call.here.turn.files.classes()[of.number].goal_us = microseconds;
  return to_js(call.env, error_code::none);
}

/// fileDescriptor(file): the descriptor of the file, for operations of node:fs
napi_value file_descriptor(const attached_call& call, file_number file) { return to_js(call.env, file->file.fd()); }

/// fileSize(file)
napi_value file_size(const attached_call& call, file_number file) {
  const auto size = file->file.size();
  return size ? to_js(call.env, static_cast<double>(size.value())) : to_js(call.env, size.failure());
}

/// fileLock(file): 1, or 0 when another open file has the lock
napi_value file_lock(const attached_call& call, file_number file) {
  const auto locked = file->file.try_lock();
  return locked ? to_js(call.env, static_cast<uint32_t>(locked.value())) : to_js(call.env, locked.failure());
}

napi_value file_close(const attached_call& call, file_number file) {
  if (file->in_flight != 0) return call.refuse("operations of the file are under way");
  call.files().close(file.number);
  return to_js(call.env, error_code::none);
}

/// injectFaults(seed, rules): for tests; `rules` is a Uint8Array of fault_rules. Returns how often the
/// earlier rules hit.
napi_value inject_faults(const attached_call& call, uint32_t seed, std::span<std::byte> bytes) {
  std::vector<fault_rule> rules(bytes.size() / sizeof(fault_rule));
  if (rules.size() * sizeof(fault_rule) != bytes.size()) return call.refuse("rules has a part of a rule");
  if (!rules.empty()) std::memcpy(rules.data(), bytes.data(), bytes.size());
  return to_js(call.env, call.files().inject(seed, std::move(rules)));
}

/// claimRead(ordinal, slot): the bytes of a completed read, into an empty slot
napi_value claim_read(const attached_call& call, uint32_t ordinal, handle_slot slot) {
  if (!call.files().in_batch(ordinal)) return call.refuse("no operation has ended at this place");
  const open_handle into(call.home(), call.handles().to_change(slot));
  if (into->fragment_count() != 0) return call.refuse(not_empty);
  *into = call.files().claim(ordinal);
  return to_js(call.env, error_code::none);
}

}  // namespace

void bind_files(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      entry<"fileOpen", file_open>, entry<"fileRead", file_read>, entry<"fileWrite", file_write>, entry<"fileSync", file_sync>,
      entry<"fileSize", file_size>, entry<"fileLock", file_lock>, entry<"fileClose", file_close>, entry<"claimRead", claim_read>, entry<"fileSpace", file_space>,
      entry<"fileDescriptor", file_descriptor>, entry<"ioClass", io_class_of>, entry<"setIoShares", set_io_shares>,
      entry<"setIoGoal", set_io_goal>,
      entry<"injectFaults", inject_faults>,
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
