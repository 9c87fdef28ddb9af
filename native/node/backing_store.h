// Shared ownership of the memory under a JavaScript buffer, and ArrayBuffers over memory of ours. An ArrayBuffer holds its memory by a
// v8::BackingStore, which outlives the ArrayBuffer and the isolate and may be given up on any thread; no Node-API reference can do that.
// An external ArrayBuffer of Node-API has a finalizer, counts as V8's memory, and is detached when the thread ends, which aborts the process
// when a program has marked it as untransferable. Where Node does not export the functions that are needed, IoBuf.wrap() and views copy.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>

namespace v8 {
class BackingStore;
}

namespace corebuf {

using backing_store = std::shared_ptr<v8::BackingStore>;

/// False where this Node does not export the functions that the others call; then they must not be called.
bool backing_stores_reachable();

/// `buffer` is an ArrayBuffer or a SharedArrayBuffer.
backing_store backing_store_of(napi_value buffer);

/// Whether JavaScript can shrink the memory while others use it.
bool resizable(const backing_store& store);

size_t length_of(const backing_store& store);

/// Whether the functions below may be called: Electron, and other builds of V8 with a sandbox, forbid such ArrayBuffers.
bool external_buffers_allowed(napi_env env);

/// A new ArrayBuffer over `length` bytes that stay mapped for the life of the process. V8 counts no memory for it.
napi_value array_buffer_over(void* data, size_t length);
/// The same over a part of the memory of `held`, which lives as long as the ArrayBuffer.
napi_value array_buffer_over(void* data, size_t length, backing_store held);

/// Takes away the key with which newer versions of Node lock an ArrayBuffer that is marked as untransferable.
void allow_detaching(napi_env env, napi_value buffer);

}  // namespace corebuf
