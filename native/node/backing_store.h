// Shared ownership of the memory under a JavaScript buffer, by V8's own means: a v8::BackingStore is what an ArrayBuffer, and
// whoever it is transferred to, holds its memory by. It outlives the ArrayBuffer and the isolate, and may be given up on any
// thread, which no N-API reference can. No V8 header is needed: the few functions that are called, which every Node exports are declared
// in the .cc and linked weakly. Where one is missing wrapping copies.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>

namespace v8 {
class BackingStore;
}

namespace corebuf {

using backing_store = std::shared_ptr<v8::BackingStore>;

/// False where this Node does not export what the others call.
bool backing_stores_reachable();

/// Of an ArrayBuffer or a SharedArrayBuffer.
backing_store backing_store_of(napi_value buffer);

/// JavaScript may take pages away from under it.
bool resizable(const backing_store& store);

size_t length_of(const backing_store& store);

}  // namespace corebuf
