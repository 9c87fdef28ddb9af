#include "node/script_interrupt.h"

#include <ostream>
#include <streambuf>

#include "node/v8_interface.h"

namespace corebuf {

namespace {

using print_stack = void (*)(v8::Isolate* isolate, std::ostream& out);
using print_stack_of = void (*)(v8::Isolate* isolate, std::ostream& out,
                                bool (*wanted)(v8::Isolate*, v8::Local<v8::String>));

bool prints_stack() { return exported<print_stack>(&v8::Message::PrintCurrentStackTrace); }
bool prints_stack_of() { return exported<print_stack_of>(&v8::Message::PrintCurrentStackTrace); }

bool tells_entries() {
  return exported(&v8::Isolate::AddBeforeCallEnteredCallback) &&
         exported(&v8::Isolate::RemoveBeforeCallEnteredCallback);
}

/// Keeps what fits and drops the rest. Allocates nothing.
class bounded_buffer final : public std::streambuf {
 public:
  explicit bounded_buffer(std::span<char> into) { setp(into.data(), into.data() + into.size()); }
  size_t written() const { return static_cast<size_t>(pptr() - pbase()); }
};

}  // namespace

bool interrupts_reachable() {
  return exported(&v8::Isolate::GetCurrent) && exported(&v8::Isolate::RequestInterrupt) &&
         (prints_stack() || prints_stack_of());
}

v8::Isolate* isolate_here() { return v8::Isolate::GetCurrent(); }

void interrupt(v8::Isolate* isolate, script_function function) {
  isolate->RequestInterrupt(
      [](v8::Isolate* here, void* data) { reinterpret_cast<script_function>(data)(here); },
      reinterpret_cast<void*>(function));
}

size_t write_stack(v8::Isolate* isolate, std::span<char> into) {
  bounded_buffer written(into);
  std::ostream out(&written);
  if (prints_stack())
    v8::Message::PrintCurrentStackTrace(isolate, out);
  else
    v8::Message::PrintCurrentStackTrace(isolate, out, nullptr);
  return written.written();
}

void on_script_entry(v8::Isolate* isolate, script_function function) {
  if (tells_entries()) isolate->AddBeforeCallEnteredCallback(function);
}

void off_script_entry(v8::Isolate* isolate, script_function function) {
  if (tells_entries()) isolate->RemoveBeforeCallEnteredCallback(function);
}

}  // namespace corebuf
