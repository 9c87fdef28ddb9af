// A stack that many threads push to and one thread takes as a whole. Threads without a shard, such as the
// helpers of an engine, pass objects with it to the shard that owns them. T has a member `T* next`.
// Lock-free, allocates nothing. Taking always the whole stack and never one element avoids the ABA problem.
#pragma once

#include <atomic>

#include "base/intrusive_list.h"

namespace corebuf {

template <typename T>
class mpsc_stack {
 public:
  /// Any thread. True when the stack was empty: only then must the owner be woken.
  bool push(T* element) {
    T* head = head_.load(std::memory_order_relaxed);
    do {
      element->next = head;
    } while (!head_.compare_exchange_weak(head, element, std::memory_order_release,  // Pairs with take_all's acquire.
                                          std::memory_order_relaxed));
    return head == nullptr;
  }

  /// Takes all elements, oldest first. Owner only.
  intrusive_list<T> take_all() {
    intrusive_list<T> taken;
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
