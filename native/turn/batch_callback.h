// A function of JavaScript that C++ calls from the event loop: once per batch, never once per item.
#pragma once

#include <cstdint>

namespace corebuf {

class batch_callback {
 public:
  /// Calls the function with `count`, then `settle()`, then runs microtasks. So when the code behind a
  /// promise continues, `settle` has already given back what the batch had held. `settle` runs even when
  /// JavaScript cannot be called any more.
  template <typename Settle>
  void call(uint32_t count, Settle settle) const {
    run(
        count, [](void* context) { (*static_cast<Settle*>(context))(); }, &settle);
  }

 protected:
  ~batch_callback() = default;

 private:
  virtual void run(uint32_t count, void (*settle)(void* context), void* context) const = 0;
};

}  // namespace corebuf
