#include "node/backing_store.h"

// std::shared_ptr asks glibc 2.32 whether the process has one thread, and would keep the addon from loading where glibc is older. Our
// own answer is always no.
extern "C" {
__attribute__((visibility("hidden"))) char __libc_single_threaded = 0;  // NOLINT(bugprone-reserved-identifier)
}

// The part of V8's interface that is used, declared so that the compiler makes the calls and the names it would make with V8's
// header; they are the same from Node 20 to 26. New() is never called: that Node exports it under this name, which
// spells out std::shared_ptr, proves that both mean the same class by that (libc++, as in Electron, has another).
namespace v8 {

#define V8_EXPORTED __attribute__((weak, visibility("default")))

class Isolate;
template <typename T>
class Local;

class ArrayBuffer {
 public:
  V8_EXPORTED static Local<ArrayBuffer> New(Isolate* isolate, std::shared_ptr<BackingStore> store);
  V8_EXPORTED std::shared_ptr<BackingStore> GetBackingStore();
};

class BackingStore {
 public:
  V8_EXPORTED size_t ByteLength() const;
  V8_EXPORTED bool IsResizableByUserJavaScript() const;
};

#undef V8_EXPORTED

}  // namespace v8

namespace corebuf {

namespace {

/// As an argument: compilers take it for granted that the address of a method that is named is not null.
template <typename Function>
bool exported(Function found) {
  return found != nullptr;
}

}  // namespace

bool backing_stores_reachable() {
  return exported(&v8::ArrayBuffer::New) && exported(&v8::ArrayBuffer::GetBackingStore) &&
         exported(&v8::BackingStore::ByteLength) && exported(&v8::BackingStore::IsResizableByUserJavaScript);
}

/// A napi_value is a v8::Local, and what a Local points to is what V8's methods are called on. SharedArrayBuffers are the same
/// class inside V8; only the interface tells them apart.
backing_store backing_store_of(napi_value buffer) { return reinterpret_cast<v8::ArrayBuffer*>(buffer)->GetBackingStore(); }

bool resizable(const backing_store& store) { return store->IsResizableByUserJavaScript(); }

size_t length_of(const backing_store& store) { return store->ByteLength(); }

}  // namespace corebuf
