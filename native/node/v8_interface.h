// The part of V8's C++ interface that this addon calls, declared so that the compiler makes the same calls and the same names
// as with V8's own headers; they are the same from Node 20 to 26. All are linked weakly: ask exported() before a call.
#pragma once

#include <cstddef>
#include <memory>
#include <ostream>

#pragma GCC visibility push(default)
namespace v8 {

class BackingStore;
class Isolate;
class String;
class Value;

/// The address of a handle, which is all that V8's own class has.
template <typename T>
struct Local {
  T* slot;
};

class ArrayBuffer {
 public:
  /// Its name spells out std::shared_ptr, so that Node exports it proves that Node and this addon mean the same class by that
  /// (libc++, as in Electron, has another).
  [[gnu::weak]] static Local<ArrayBuffer> New(Isolate* isolate, std::shared_ptr<BackingStore> store);
  [[gnu::weak]] static std::unique_ptr<BackingStore> NewBackingStore(void* data, size_t length,
                                                                     void (*free)(void* data, size_t length, void* hint),
                                                                     void* hint);
  [[gnu::weak]] std::shared_ptr<BackingStore> GetBackingStore();
  /// Only a caller that has the key can detach the buffer; `undefined` means every caller.
  [[gnu::weak]] void SetDetachKey(Local<Value> key);
};

class BackingStore {
 public:
  [[gnu::weak]] ~BackingStore();
  /// V8 made the object, and its size is known to V8 alone.
  void operator delete(void* pointer) { ::operator delete(pointer); }
  /// V8 counts no memory for a store that is freed by this function, which does nothing.
  [[gnu::weak]] static void EmptyDeleter(void* data, size_t length, void* hint);
  [[gnu::weak]] size_t ByteLength() const;
  [[gnu::weak]] bool IsResizableByUserJavaScript() const;
};

class Isolate {
 public:
  [[gnu::weak]] static Isolate* GetCurrent();
  [[gnu::weak]] void RequestInterrupt(void (*callback)(Isolate* isolate, void* data), void* data);
  [[gnu::weak]] void AddBeforeCallEnteredCallback(void (*callback)(Isolate* isolate));
  [[gnu::weak]] void RemoveBeforeCallEnteredCallback(void (*callback)(Isolate* isolate));
};

class Message {
 public:
  /// Node 20 and 22.
  [[gnu::weak]] static void PrintCurrentStackTrace(Isolate* isolate, std::ostream& out);
  /// Node 24 and later.
  [[gnu::weak]] static void PrintCurrentStackTrace(Isolate* isolate, std::ostream& out,
                                                   bool (*wanted)(Isolate* isolate, Local<String> script));
};

}  // namespace v8
#pragma GCC visibility pop

namespace corebuf {

/// Whether Node exports this function. A function and not a comparison in place, because compilers assume that a function
/// which is named has an address.
template <typename Function>
bool exported(Function found) {
  return found != nullptr;
}

}  // namespace corebuf
