// Tells V8 about the memory of this package, so that it collects garbage as often as live bytes demand. The ArrayBuffers that show this memory
// count nothing by themselves (node/backing_store.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace corebuf {

class external_memory {
 public:
  /// Reports in steps of 8 MiB, because each change may start a garbage collection.
  void report(size_t live_bytes);

 protected:
  ~external_memory() = default;

 private:
  /// Adds to the sum that V8 keeps.
  virtual void adjust(int64_t bytes) = 0;

  int64_t reported_ = 0;  // bytes that we have added
};

}  // namespace corebuf
