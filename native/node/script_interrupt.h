// Interrupting JavaScript that is running: one thread asks V8 to call a function inside the JavaScript of
// another thread, and that function can write down the stack.
#pragma once

#include <cstddef>
#include <span>

namespace v8 {
class Isolate;
}

namespace corebuf {

using script_function = void (*)(v8::Isolate* isolate);

/// False where this Node does not export what interrupt() and write_stack() call: then they must not be
/// called.
bool interrupts_reachable();

v8::Isolate* isolate_here();

/// Calls `function` on the thread of `isolate` as soon as JavaScript runs there, which may be much later. Any
/// thread, while the isolate lives.
void interrupt(v8::Isolate* isolate, script_function function);

/// Writes the stack of the interrupted JavaScript, one line per function, as much as fits. Returns its
/// length.
size_t write_stack(v8::Isolate* isolate, std::span<char> into);

/// From now on `function` is called each time this thread enters JavaScript. Does nothing where Node does not
/// export it.
void on_script_entry(v8::Isolate* isolate, script_function function);
void off_script_entry(v8::Isolate* isolate, script_function function);

}  // namespace corebuf
