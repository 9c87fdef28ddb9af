// A heap without a shard, for tests: this thread acts as its home for as long as it lives.
#pragma once

#include "memory/shard_heap.h"

namespace corebuf {

class scoped_heap {
 public:
  static constexpr shard_id home = 7;

  explicit scoped_heap(size_t budget) : acting_(home), heap_(shard_heap::create(home, {.budget = budget}).value()) {}
  ~scoped_heap() { shard_heap::destroy(heap_); }
  scoped_heap(const scoped_heap&) = delete;
  scoped_heap& operator=(const scoped_heap&) = delete;

  shard_heap* operator->() { return heap_; }
  shard_heap& operator*() { return *heap_; }

 private:
  acting_as acting_;
  shard_heap* heap_;
};

}  // namespace corebuf
