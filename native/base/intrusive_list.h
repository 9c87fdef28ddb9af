// An intrusive, singly linked list: T, or a base of T, has a member `next`. It owns nothing and allocates
// nothing, so moving a million elements to another list is three stores.
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
class intrusive_list {
 public:
  intrusive_list() = default;
  /// `head` to `tail` are `size` linked elements; the link of `tail` is cut.
  intrusive_list(T* head, T* tail, size_t size) : head_(head), tail_(tail), size_(size) {
    if (tail_ != nullptr) tail_->next = nullptr;
  }
  intrusive_list(intrusive_list&& other) noexcept { swap(other); }
  /// A list of T is a list of its base.
  template <typename Derived>
    requires std::is_base_of_v<T, Derived>
  explicit intrusive_list(intrusive_list<Derived>&& other) : intrusive_list(other.front(), other.back(), other.size()) {
    other.forget();
  }
  intrusive_list& operator=(intrusive_list&& other) noexcept {
    DEBUG_ASSERT(empty());
    swap(other);
    return *this;
  }
  intrusive_list(const intrusive_list&) = delete;
  intrusive_list& operator=(const intrusive_list&) = delete;

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
  void splice(intrusive_list&& other) {
    if (other.empty()) return;
    link_after(tail_, other.head_);
    tail_ = other.tail_;
    size_ += other.size_;
    other.forget();
  }

  /// Cuts off everything up to and including `last`, which is the `count`-th element, O(1).
  intrusive_list take_front(T* last, size_t count) {
    DEBUG_ASSERT(count <= size_);
    T* first = head_;
    head_ = next_of(last);
    size_ -= count;
    if (head_ == nullptr) tail_ = nullptr;
    return intrusive_list(first, last, count);
  }

  /// `replacement` replaces the element behind `before`, or the first when `before` is null.
  void replace_after(T* before, T* replacement) {
    T* replaced = before == nullptr ? head_ : next_of(before);
    replacement->next = replaced->next;
    link_after(before, replacement);
    if (tail_ == replaced) tail_ = replacement;
    replaced->next = nullptr;
  }

  /// For JavaScript, which reads the size without a call.
  static constexpr size_t size_offset() { return offsetof(intrusive_list, size_); }

  /// Empties the list without touching its elements, which somebody else has now.
  void forget() {
    head_ = tail_ = nullptr;
    size_ = 0;
  }

  static T* next_of(const T* element) { return static_cast<T*>(element->next); }

  void swap(intrusive_list& other) noexcept {
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
  /// A null `before` means the front.
  void link_after(T* before, T* element) {
    if (before == nullptr) head_ = element;
    else before->next = element;
  }

  T* head_ = nullptr;
  T* tail_ = nullptr;
  size_t size_ = 0;
};

}  // namespace corebuf
