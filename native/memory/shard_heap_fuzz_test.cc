// Random operations on a heap, and on a map that records where every object should be.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <vector>

#include "base/fuzz_test_support.h"
#include "memory/heap_test_support.h"

namespace corebuf {
namespace {

class modelled_heap {
 public:
  modelled_heap(shard_heap& heap, std::mt19937_64& random) : heap_(heap), random_(random) {}

  void allocate() {
    const size_t alignment = random_() % 4 == 0 ? size_t{1} << random_() % 22 : 1;
    const size_t size = random_size();
    const bool record = alignment == 1 && random_() % 3 == 0;
    void* allocated = record ? heap_.allocate_record(size)
                             : alignment == 1 ? heap_.allocate(size) : heap_.allocate_aligned(size, alignment);
    auto* memory = static_cast<std::byte*>(allocated);
    if (memory == nullptr) {
      ++refused_;
      return;
    }
    ASSERT_TRUE(is_aligned(address_of(memory), std::max(alignment, slot_granularity)));
    ASSERT_EQ(owner(memory), heap_.home());
    ASSERT_EQ(owner(memory + size - 1), heap_.home());
    const size_t usable = heap_.usable_size(memory);
    ASSERT_GE(usable, size);
    const auto after = model_.lower_bound(memory);
    if (after != model_.end()) {
      ASSERT_LE(memory + usable, after->first);
    }
    if (after != model_.begin()) {
      ASSERT_LE(std::prev(after)->first + std::prev(after)->second.size, memory);
    }
    const auto pattern = static_cast<unsigned char>(random_());
    fill(memory, usable, pattern);
    model_.emplace(memory, entry{usable, pattern});
    order_.push_back(memory);
  }

  void free() {
    if (order_.empty()) return;
    // Old and new objects are freed with equal probability.
    const size_t at = random_() % order_.size();
    std::byte* memory = order_[at];
    order_[at] = order_.back();
    order_.pop_back();
    const auto found = model_.find(memory);
    ASSERT_EQ(heap_.usable_size(memory), found->second.size);
    check(memory, found->second.size, found->second.pattern);
    heap_.free(memory);
    model_.erase(found);
  }

  void agree() {
    heap_.invariant();
    ASSERT_EQ(heap_.live_objects(), model_.size());
    size_t used = 0;
    for (const auto& [memory, entry] : model_) used += entry.size;
    ASSERT_EQ(heap_.stats().used, used);
    ASSERT_EQ(heap_.stats().failures, refused_);
  }

  size_t live() const { return order_.size(); }

 private:
  struct entry {
    size_t size;
    unsigned char pattern;
  };

  size_t random_size() {
    switch (random_() % 16) {
      case 0: return 1 + random_() % (1 * MiB);
      case 1: return 1 + random_() % (64 * KiB);
      case 2: return size_t{1} << random_() % 18;
      case 3: return 1 + random_() % slot_size_max;
      default: return 1 + random_() % 512;
    }
  }

  /// The first and last bytes, which a neighbour would overwrite.
  static void fill(std::byte* memory, size_t size, unsigned char pattern) {
    const size_t edge = std::min<size_t>(size, 64);
    std::memset(memory, pattern, edge);
    std::memset(memory + size - edge, pattern, edge);
  }

  static void check(const std::byte* memory, size_t size, unsigned char pattern) {
    const size_t edge = std::min<size_t>(size, 64);
    for (size_t at = 0; at < edge; ++at) {
      ASSERT_EQ(memory[at], std::byte{pattern});
      ASSERT_EQ(memory[size - edge + at], std::byte{pattern});
    }
  }

  shard_heap& heap_;
  std::mt19937_64& random_;
  std::map<std::byte*, entry> model_;
  std::vector<std::byte*> order_;
  size_t refused_ = 0;
};

void fuzz(size_t budget, size_t ops) {
  std::mt19937_64 random = seeded_random();
  scoped_heap heap(budget);
  const size_t floor = heap->stats().committed;
  modelled_heap model(*heap, random);
  size_t target = 1000;
  for (size_t step = 0; step < ops; ++step) {
    // The number of live objects rises and falls, so that slabs and spans fill up and become free again.
    if (step % 5000 == 0) target = random() % 8000;
    if (random() % 3 == 0 ? random() % 2 == 0 : model.live() < target) model.allocate();
    else model.free();
    if (random() % 20'000 == 0) heap->trim();
    if (step % 4096 == 0) model.agree();
    if (testing::Test::HasFatalFailure()) return;
  }
  model.agree();
  while (model.live() > 0) model.free();
  model.agree();
  heap->trim();
  EXPECT_EQ(heap->stats().committed, floor);
  EXPECT_EQ(heap->live_objects(), 0u);
}

TEST(ShardHeapFuzz, BehavesLikeAMapOfRanges) { fuzz(512 * MiB, test_ops(10'000'000)); }

TEST(ShardHeapFuzz, BehavesLikeAMapOfRangesAtTheEdgeOfItsBudget) { fuzz(3 * MiB, test_ops(3'000'000)); }

}  // namespace
}  // namespace corebuf
