#include "node/wrap_binding.h"

#include <new>
#include <utility>

#include "memory/address_map.h"
#include "node/arguments.h"
#include "node/backing_store.h"
#include "node/binding.h"
#include "node/opened.h"

namespace corebuf {

namespace {

/// What wrapping() returns; lib/wrapping.ts knows these and the next.
enum class wrappable : uint32_t { nothing = 0, shared = 1, all = 2 };

/// What wrap() returns besides 0 and error codes.
enum class refusal : int32_t { arena = 1, resizable = 2, detached = 3 };

napi_value refused(napi_env env, refusal why) { return to_js(env, static_cast<int32_t>(why)); }

/// Whoever acts as home: JavaScript may be gone, and with it the isolate that made the memory.
void unpin(shard& home, void* pinned) {
  static_cast<backing_store*>(pinned)->~backing_store();
  home.heap().free(pinned);
}

/// A buffer over `bytes`, which `store` owns; null when the budget of `home` is spent.
buffer* pin(shard& home, std::span<std::byte> bytes, backing_store&& store) {
  void* memory = home.heap().allocate_record(sizeof(backing_store));
  if (memory == nullptr) return nullptr;
  auto* pinned = new (memory) backing_store(std::move(store));
  buffer* made = buffer::wrap(home, bytes.data(), bytes.size(), unpin, pinned);
  if (made == nullptr) unpin(home, pinned);
  return made;
}

/// wrapping(probe, transfer): what may be wrapped. `transfer` moves the ArrayBuffer `probe` into one of another length: the V8 of Node
/// 21 to 23 reallocates memory then, also under those who share it.
napi_value wrapping(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  if (!backing_stores_reachable()) return to_js(env, static_cast<uint32_t>(wrappable::nothing));
  const backing_store store = backing_store_of(call.raw(0));
  const size_t length = length_of(store);
  napi_value ignored = nullptr;
  const bool called = napi_call_function(env, call.raw(0), call.raw(1), 0, nullptr, &ignored) == napi_ok;
  const bool kept = called && length_of(store) == length;
  return to_js(env, static_cast<uint32_t>(kept ? wrappable::all : wrappable::shared));
}

/// wrap(slot, bytes): puts a Uint8Array of at most 2^32 - 1 bytes behind what is there, without copying; or a refusal
napi_value wrap(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  environment& here = call.here();
  shard& home = here.home();
  const opened_unmoved into(here, call.word(0));
  void* data = nullptr;
  size_t length = 0;
  napi_value buffer_under = nullptr;
  ASSERT(napi_get_typedarray_info(env, call.raw(1), nullptr, &length, &data, &buffer_under, nullptr) == napi_ok);
  bool detached = false;
  ASSERT(napi_is_detached_arraybuffer(env, buffer_under, &detached) == napi_ok);
  if (detached) return refused(env, refusal::detached);
  backing_store store = backing_store_of(buffer_under);
  if (resizable(store)) return refused(env, refusal::resizable);
  if (length == 0) return to_js(env, error_code::none);
  if (owner(data) != no_shard) return refused(env, refusal::arena);

  buffer* made = pin(home, {static_cast<std::byte*>(data), length}, std::move(store));
  if (made == nullptr) return to_js(env, error_code::out_of_memory);
  if (!into->append_reference(home, *made)) {
    made->destroy(home);
    return to_js(env, error_code::out_of_memory);
  }
  home.ledger_here().shared += length;
  return to_js(env, error_code::none);
}

const fragment* fragment_at(const iobuf& chain, size_t position) {
  const fragment* at = chain.front();
  for (; at->length <= position; at = iobuf::next(at)) position -= at->length;
  return at;
}

/// What holds the memory of a wrapped fragment, of whatever home: it cannot change while anybody has a fragment of it.
const backing_store& store_of(const fragment* at) {
  const buffer* of = at->of;
  while (of->kind == buffer_kind::proxy) of = of->origin->of;
  ASSERT(of->kind == buffer_kind::wrapped && of->unpin == unpin);
  return *static_cast<backing_store*>(of->pinned);
}

/// wrappedView(slot, position): an ArrayBuffer over the wrapped fragment that begins at this position, or null where none can be
/// made. It holds the memory itself, so that it may outlive every chain.
napi_value wrapped_view(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const open_handle from(call.here().home(), call.here().handles[call.word(0)]);
  const fragment* shown = fragment_at(*from, call.size(1));
  auto* held = new backing_store(store_of(shown));
  const auto let_go = [](napi_env, void*, void* hint) { delete static_cast<backing_store*>(hint); };
  napi_value buffer = nullptr;
  const napi_status made = napi_create_external_arraybuffer(env, shown->data, shown->length, let_go, held, &buffer);
  if (made == napi_ok) return buffer;
  // Refused, or the thread is being terminated; after a generic failure Node has called let_go, or will.
  if (made != napi_generic_failure) delete held;
  ASSERT(napi_get_null(env, &buffer) == napi_ok);
  return buffer;
}

}  // namespace

void bind_wraps(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {{"wrapping", wrapping}, {"wrap", wrap}, {"wrappedView", wrapped_view}};
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
