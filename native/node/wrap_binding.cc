// JavaScript's memory as fragments of chains, and the ArrayBuffers that show such fragments again.
#include <new>
#include <utility>

#include "memory/address_map.h"
#include "node/backing_store.h"
#include "node/entry.h"
#include "node/opened.h"
#include "node/results.h"
#include "turn/records.h"

namespace corebuf {

namespace {

/// Called on the thread that acts as the home, when JavaScript, and the isolate that made the memory, may no
/// longer exist.
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

/// wrapping(probe, transfer): which memory may be wrapped. `transfer` moves the ArrayBuffer `probe` into one
/// of another length: V8 in Node 21 to 23 then reallocates the memory, also for others who share it.
napi_value wrapping(const entry_call& call, array_buffer probe, js_function transfer) {
  if (!backing_stores_reachable()) return to_js(call.env, wrappable::nothing);
  const backing_store store = backing_store_of(probe.value);
  const size_t length = length_of(store);
  napi_value ignored = nullptr;
  const bool called = napi_call_function(call.env, probe.value, transfer.value, 0, nullptr, &ignored) == napi_ok;
  const bool kept = called && length_of(store) == length;
  return to_js(call.env, kept ? wrappable::all : wrappable::shared);
}

/// wrap(slot, bytes): puts a Uint8Array of at most fragment_record::length_max bytes behind the end without a
/// copy, or returns a wrap_refusal
napi_value wrap(const attached_call& call, handle_slot slot, array_of_bytes bytes) {
  const napi_env env = call.env;
  shard& home = call.home();
  const opened_to_read_or_append into(call.here, slot);
  void* data = nullptr;
  size_t length = 0;
  napi_value buffer_under = nullptr;
  ASSERT(napi_get_typedarray_info(env, bytes.value, nullptr, &length, &data, &buffer_under, nullptr) == napi_ok);
  if (length > fragment_record::length_max) return call.refuse("the bytes do not fit into a fragment");
  if (!backing_stores_reachable()) return call.refuse("no bytes can be wrapped in this version of Node");
  bool detached = false;
  ASSERT(napi_is_detached_arraybuffer(env, buffer_under, &detached) == napi_ok);
  if (detached) return to_js(env, wrap_refusal::detached);
  backing_store store = backing_store_of(buffer_under);
  if (resizable(store)) return to_js(env, wrap_refusal::resizable);
  if (length == 0) return to_js(env, error_code::none);
  if (owner(data) != no_shard) return to_js(env, wrap_refusal::arena);

  buffer* made = pin(home, {static_cast<std::byte*>(data), length}, std::move(store));
  if (made == nullptr) return to_js(env, error_code::out_of_memory);
  if (!into->append_reference(home, *made)) {
    made->destroy(home);
    return to_js(env, error_code::out_of_memory);
  }
  home.ledger_here().shared += length;
  return to_js(env, error_code::none);
}

/// `position` is before the end of the chain.
const fragment* fragment_at(const iobuf& chain, size_t position) {
  const fragment* at = chain.front();
  for (; at->length <= position; at = iobuf::next(at)) position -= at->length;
  return at;
}

/// The owner of the memory of a wrapped fragment, of any home. It cannot change while a fragment of the
/// memory exists.
const backing_store& store_of(const fragment& at) {
  const buffer& of = buffer_of_bytes(at);
  ASSERT(of.kind == buffer_kind::wrapped && of.unpin == unpin);
  return *static_cast<backing_store*>(of.pinned);
}

/// wrappedView(slot, position): an ArrayBuffer over the wrapped fragment that begins at this position. It keeps the memory alive itself, so
/// it may live longer than every chain.
napi_value wrapped_view(const attached_call& call, handle_slot slot, uint64_t position) {
  const open_handle from(call.home(), call.handles().to_change(slot));
  if (position >= from->length()) return call.refuse(past_the_end);
  const fragment* shown = fragment_at(*from, position);
  if (buffer_of_bytes(*shown).kind != buffer_kind::wrapped) return call.refuse("the fragment is not wrapped");
  if (!call.here.windows_allowed) return call.refuse("ask externalBuffers() first; it may say no");
  return array_buffer_over(shown->data, shown->length, store_of(*shown));
}

}  // namespace

void bind_wraps(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {entry<"wrapping", wrapping>, entry<"wrap", wrap>, entry<"wrappedView", wrapped_view>};
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
