#include "node/backing_store.h"

#include <utility>

#include "base/assert.h"
#include "node/v8_interface.h"

// std::shared_ptr asks glibc 2.32 whether the process has one thread, by this variable, and an addon that needs it does not
// load where glibc is older. So the addon has a variable of its own, which always says no.
extern "C" {
__attribute__((visibility("hidden"))) char __libc_single_threaded =
    0;  // NOLINT(bugprone-reserved-identifier)
}

namespace corebuf {

bool backing_stores_reachable() {
  return exported(&v8::ArrayBuffer::New) && exported(&v8::ArrayBuffer::GetBackingStore) &&
         exported(&v8::BackingStore::ByteLength) && exported(&v8::BackingStore::IsResizableByUserJavaScript);
}

/// A napi_value is a v8::Local, and V8's methods are called on the object that a Local points to. A SharedArrayBuffer is the
/// same class inside V8; only the interface tells them apart.
backing_store backing_store_of(napi_value buffer) {
  return reinterpret_cast<v8::ArrayBuffer*>(buffer)->GetBackingStore();
}

bool resizable(const backing_store& store) { return store->IsResizableByUserJavaScript(); }

size_t length_of(const backing_store& store) { return store->ByteLength(); }

namespace {

napi_value array_buffer_on(std::unique_ptr<v8::BackingStore> store) {
  return reinterpret_cast<napi_value>(v8::ArrayBuffer::New(v8::Isolate::GetCurrent(), std::move(store)).slot);
}

bool windows_reachable() {
  return backing_stores_reachable() && exported(&v8::ArrayBuffer::NewBackingStore) &&
         exported(&v8::ArrayBuffer::SetDetachKey) && exported(&v8::BackingStore::EmptyDeleter) &&
         exported(&v8::Isolate::GetCurrent);
}

}  // namespace

bool external_buffers_allowed(napi_env env) {
  static std::byte probed;
  napi_value probe = nullptr;
  return windows_reachable() && napi_create_external_arraybuffer(env, &probed, sizeof probed, nullptr, nullptr, &probe) == napi_ok;
}

napi_value array_buffer_over(void* data, size_t length) {
  return array_buffer_on(v8::ArrayBuffer::NewBackingStore(data, length, v8::BackingStore::EmptyDeleter, nullptr));
}

napi_value array_buffer_over(void* data, size_t length, backing_store held) {
  const auto let_go = [](void*, size_t, void* hint) { delete static_cast<backing_store*>(hint); };
  auto* hint = new backing_store(std::move(held));
  return array_buffer_on(v8::ArrayBuffer::NewBackingStore(data, length, let_go, hint));
}

void allow_detaching(napi_env env, napi_value buffer) {
  if (!windows_reachable()) return;
  napi_value undefined = nullptr;
  ASSERT(napi_get_undefined(env, &undefined) == napi_ok);
  // See backing_store_of about a napi_value and a Local.
  reinterpret_cast<v8::ArrayBuffer*>(buffer)->SetDetachKey({reinterpret_cast<v8::Value*>(undefined)});
}

}  // namespace corebuf
