// Many threads push, one takes everything at once: how threads without a shard (engine helpers)
// hand things to the shard that owns them. T has a member `T* next`. Lock-free, allocates nothing.
// Taking the whole stack, never one element, is what makes it free of ABA.
#pragma once

#include <atomic>

#include "base/chain.h"

namespace corebuf {

template <typename T>
class mpsc_stack {
 public:
  /// Any thread. True when the stack was empty: the one push after which the taker must be woken.
  bool push(T* element) {
    T* head = head_.load(std::memory_order_relaxed);
    do {
      element->next = head;
    } while (!head_.compare_exchange_weak(head, element, std::memory_order_release,  // Pairs with take_all's acquire.
                                          std::memory_order_relaxed));
    return head == nullptr;
  }

  /// The owner only. Oldest first.
  chain<T> take_all() {
    chain<T> taken;
    T* element = head_.exchange(nullptr, std::memory_order_acquire);  // Pairs with push's release.
    while (element != nullptr) {
      T* next = element->next;
      taken.push_front(element);
      element = next;
    }
    return taken;
  }

  bool empty() const { return head_.load(std::memory_order_relaxed) == nullptr; }

 private:
  std::atomic<T*> head_{nullptr};
};

}  // namespace corebuf
