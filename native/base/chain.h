// An intrusive, singly linked queue: T, or a base of T, has a member `next`. It owns nothing and allocates
// nothing, so handing over a million elements is three stores.
//
//   head ─▶ e ─▶ e ─▶ e ─▶ null
//                     ▲
//   tail ─────────────┘
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "base/assert.h"

namespace corebuf {

template <typename T>
class chain {
 public:
  chain() = default;
  /// `head` to `tail` are `size` linked elements; the link of `tail` is cut.
  chain(T* head, T* tail, size_t size) : head_(head), tail_(tail), size_(size) {
    if (tail_ != nullptr) tail_->next = nullptr;
  }
  chain(chain&& other) noexcept { swap(other); }
  /// A chain of T is a chain of its base.
  template <typename Derived>
    requires std::is_base_of_v<T, Derived>
  explicit chain(chain<Derived>&& other) : chain(other.front(), other.back(), other.size()) {
    other.forget();
  }
  chain& operator=(chain&& other) noexcept {
    DEBUG_ASSERT(empty());
    swap(other);
    return *this;
  }
  chain(const chain&) = delete;
  chain& operator=(const chain&) = delete;

  bool empty() const { return head_ == nullptr; }
  size_t size() const { return size_; }
  T* front() const { return head_; }
  T* back() const { return tail_; }

  void push_back(T* element) {
    element->next = nullptr;
    link_after(tail_, element);
    tail_ = element;
    ++size_;
  }

  void push_front(T* element) {
    element->next = head_;
    head_ = element;
    if (tail_ == nullptr) tail_ = element;
    ++size_;
  }

  T* pop_front() {
    T* element = head_;
    if (element == nullptr) return nullptr;
    head_ = next_of(element);
    if (head_ == nullptr) tail_ = nullptr;
    --size_;
    element->next = nullptr;
    return element;
  }

  /// Moves all of `other` behind what is here, O(1).
  void splice(chain&& other) {
    if (other.empty()) return;
    link_after(tail_, other.head_);
    tail_ = other.tail_;
    size_ += other.size_;
    other.forget();
  }

  /// Cuts off everything up to and including `last`, which is the `count`-th element, O(1).
  chain take_front(T* last, size_t count) {
    DEBUG_ASSERT(count <= size_);
    T* first = head_;
    head_ = next_of(last);
    size_ -= count;
    if (head_ == nullptr) tail_ = nullptr;
    return chain(first, last, count);
  }

  /// `fresh` takes the place of the element behind `before`, or of the first when `before` is null.
  void replace_after(T* before, T* fresh) {
    T* replaced = before == nullptr ? head_ : next_of(before);
    fresh->next = replaced->next;
    link_after(before, fresh);
    if (tail_ == replaced) tail_ = fresh;
    replaced->next = nullptr;
  }

  /// For who reads a size from outside C++.
  static constexpr size_t size_offset() { return offsetof(chain, size_); }

  /// Empties the queue without looking at its elements: somebody else has them now.
  void forget() {
    head_ = tail_ = nullptr;
    size_ = 0;
  }

  static T* next_of(const T* element) { return static_cast<T*>(element->next); }

  void swap(chain& other) noexcept {
    std::swap(head_, other.head_);
    std::swap(tail_, other.tail_);
    std::swap(size_, other.size_);
  }

  void invariant() const {
    size_t seen = 0;
    const T* last = nullptr;
    for (const T* element = head_; element != nullptr; element = next_of(element)) last = element, ++seen;
    ASSERT(seen == size_);
    ASSERT(last == tail_);
  }

 private:
  /// The first place is behind nothing.
  void link_after(T* before, T* element) {
    if (before == nullptr) head_ = element;
    else before->next = element;
  }

  T* head_ = nullptr;
  T* tail_ = nullptr;
  size_t size_ = 0;
};

}  // namespace corebuf
