// What V8 knows of JavaScript that is running right now, by V8's own exported functions (see backing_store.h): a thread may ask for
// a function to be called inside the JavaScript of another thread, and there the stack can be written down.
#pragma once

#include <cstddef>
#include <span>

namespace v8 {
class Isolate;
}

namespace corebuf {

using script_function = void (*)(v8::Isolate* isolate);

/// False where this Node does not export what interrupt() and write_stack() call: then they must not be called.
bool interrupts_reachable();

v8::Isolate* isolate_here();

/// Calls `function` on the thread of `isolate` as soon as JavaScript runs there, which may be much later. Any thread, while
/// the isolate lives.
void interrupt(v8::Isolate* isolate, script_function function);

/// The stack of the JavaScript that is interrupted, one line per function, as much as fits: its length.
size_t write_stack(v8::Isolate* isolate, std::span<char> into);

/// From now on `function` is called each time this thread enters JavaScript. Does nothing where Node does not export it.
void on_script_entry(v8::Isolate* isolate, script_function function);
void off_script_entry(v8::Isolate* isolate, script_function function);

}  // namespace corebuf
