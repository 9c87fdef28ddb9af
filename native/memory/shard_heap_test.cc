#include "memory/shard_heap.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

#include "memory/heap_test_support.h"

namespace corebuf {
namespace {

/// Allocates until the budget is spent.
std::vector<void*> exhaust(shard_heap& heap, size_t size) {
  std::vector<void*> all;
  while (void* memory = heap.allocate(size)) all.push_back(memory);
  return all;
}

void free_all(shard_heap& heap, std::vector<void*>& all) {
  for (void* memory : all) heap.free(memory);
  all.clear();
}

TEST(ShardHeap, IsEmptyWhenMade) {
  scoped_heap heap(8 * MiB);
  const memory_stats stats = heap->stats();
  EXPECT_EQ(heap->home(), scoped_heap::home);
  EXPECT_EQ(stats.budget, 8 * MiB);
  EXPECT_EQ(stats.free, 8 * MiB);
  EXPECT_EQ(stats.live_objects, 0u);
  EXPECT_EQ(stats.used, 0u);
  EXPECT_EQ(stats.committed, heap->committed_floor());
  heap->invariant();
}

TEST(ShardHeap, CountsWhatIsAllocatedAndFreed) {
  scoped_heap heap(8 * MiB);
  void* slot = heap->allocate(100);
  void* span = heap->allocate(100 * KiB);
  EXPECT_EQ(heap->usable_size(slot), 112u);
  EXPECT_EQ(heap->usable_size(span), 128 * KiB);
  EXPECT_EQ(heap->stats().used, 112 + 128 * KiB);
  heap->free(slot);
  heap->free(span);
  const memory_stats stats = heap->stats();
  EXPECT_EQ(stats.allocations, 2u);
  EXPECT_EQ(stats.frees, 2u);
  EXPECT_EQ(stats.failures, 0u);
  EXPECT_EQ(stats.used, 0u);
}

TEST(ShardHeap, AlignsToWhateverIsAskedFor) {
  scoped_heap heap(16 * MiB);
  std::vector<void*> all;
  for (size_t alignment = 1; alignment <= shard_heap::alignment_max; alignment *= 2) {
    for (size_t size : {size_t{1}, size_t{17}, size_t{500}, size_t{5000}, alignment, alignment + 1}) {
      void* memory = heap->allocate_aligned(size, alignment);
      ASSERT_NE(memory, nullptr) << size << " at " << alignment;
      EXPECT_TRUE(is_aligned(address_of(memory), alignment)) << size << " at " << alignment;
      EXPECT_GE(heap->usable_size(memory), size);
      heap->free(memory);
    }
  }
  heap->invariant();
}

TEST(ShardHeap, ReturnsNothingWhenTheBudgetIsSpentAndWorksAgainAfterFrees) {
  for (size_t size : {size_t{16}, size_t{1000}, size_t{16} * KiB, size_t{64} * KiB}) {
    scoped_heap heap(shard_heap::budget_min);
    std::vector<void*> all = exhaust(*heap, size);
    EXPECT_GE(all.size() * heap->usable_size(all.front()), heap->budget() * 3 / 4);
    EXPECT_LE(heap->stats().used, heap->budget());
    EXPECT_LE(heap->stats().committed, heap->budget() + heap->committed_floor());
    EXPECT_EQ(heap->stats().failures, 1u);
    heap->invariant();

    const size_t count = all.size();
    heap->free(all.back());
    all.back() = heap->allocate(size);
    EXPECT_NE(all.back(), nullptr);
    free_all(*heap, all);
    heap->invariant();
    all = exhaust(*heap, size);
    EXPECT_EQ(all.size(), count);
    free_all(*heap, all);
  }
}

TEST(ShardHeap, GivesWhatOneSizeHasFreedToAnyOtherSize) {
  scoped_heap heap(shard_heap::budget_min);
  for (int round = 0; round < 3; ++round) {
    for (size_t at = 0; at < size_classes; ++at) {
      std::vector<void*> all = exhaust(*heap, slot_sizes[at]);
      EXPECT_GE(all.size() * slot_sizes[at], heap->budget() * 3 / 4) << slot_sizes[at];
      free_all(*heap, all);
    }
    void* half = heap->allocate(heap->budget() / 2);
    EXPECT_NE(half, nullptr);
    heap->free(half);
  }
  heap->invariant();
}

TEST(ShardHeap, KeepsNoMoreMemoryThanItsBudgetWhenUseMovesAround) {
  scoped_heap heap(4 * MiB);
  for (int round = 0; round < 20; ++round) {
    for (size_t size : {64 * KiB, 512 * KiB, 2 * MiB, 4 * KiB}) {
      std::vector<void*> all = exhaust(*heap, size);
      for (void* memory : all) std::memset(memory, round, size);
      ASSERT_LE(heap->stats().committed, heap->budget() + heap->committed_floor());
      free_all(*heap, all);
    }
    heap->invariant();
  }
}

TEST(ShardHeap, TrimsToItsBookkeeping) {
  scoped_heap heap(8 * MiB);
  const size_t floor = heap->stats().committed;
  std::vector<void*> all = exhaust(*heap, 700);
  free_all(*heap, all);
  EXPECT_GT(heap->stats().committed, floor);
  EXPECT_GT(heap->trim(), 7 * MiB);
  EXPECT_EQ(heap->stats().committed, floor);
  EXPECT_EQ(heap->trim(), 0u);
  heap->invariant();
}

TEST(ShardHeap, ReadsAsZerosAfterATrim) {
  scoped_heap heap(8 * MiB);
  std::byte* memory = static_cast<std::byte*>(heap->allocate(64 * KiB));
  std::memset(memory, 0xff, 64 * KiB);
  heap->free(memory);
  heap->trim();
  EXPECT_EQ(memory[0], std::byte{0});  // A view that somebody forgot can still be read.
  EXPECT_EQ(memory[64 * KiB - 1], std::byte{0});
}

TEST(ShardHeap, RefusesSizesThatNoArenaHolds) {
  scoped_heap heap(8 * MiB);
  const size_t arena = the_address_map->arena_size();
  const size_t half = SIZE_MAX / 2;
  for (size_t size : {8 * MiB + 1, arena, arena + 1, half + 2, SIZE_MAX - page_size, SIZE_MAX - 15, SIZE_MAX}) {
    EXPECT_EQ(heap->allocate(size), nullptr) << size;
    for (size_t alignment : {size_t{1}, size_t{64}, page_size, shard_heap::alignment_max}) {
      EXPECT_EQ(heap->allocate_aligned(size, alignment), nullptr) << size << " at " << alignment;
    }
  }
  EXPECT_EQ(heap->live_objects(), 0u);
  heap->invariant();
}

TEST(ShardHeap, IsMadeAndDestroyedAgainInTheSameArena) {
  for (size_t round = 0; round < 50; ++round) {
    scoped_heap heap((1 + round % 5 * 13) * MiB);
    std::byte* memory = static_cast<std::byte*>(heap->allocate(600 * KiB));
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(memory[0], std::byte{0});
    EXPECT_EQ(memory[600 * KiB - 1], std::byte{0});
    std::memset(memory, 0xff, 600 * KiB);
    heap->free(memory);
    heap->invariant();
  }
}

TEST(ShardHeap, RefusesBudgetsThatAreTooSmallOrTooLargeAndCutsNone) {
  const acting_as home(scoped_heap::home);
  EXPECT_EQ(shard_heap::create(scoped_heap::home, {.budget = 0}).failure().code, error_code::out_of_memory);
  EXPECT_EQ(shard_heap::create(scoped_heap::home, {.budget = 4 * KiB}).failure().code, error_code::out_of_memory);
  const size_t most = shard_heap::budget_max();
  for (size_t budget : {most + 1, the_address_map->arena_size(), SIZE_MAX / 4 + 2, SIZE_MAX}) {
    EXPECT_EQ(shard_heap::create(scoped_heap::home, {.budget = budget}).failure().code, error_code::out_of_memory);
  }
  for (size_t budget : {most, most / 2 + 1, most / 3, most / 4 + 1, 3 * MiB + 1}) {
    const auto heap = shard_heap::create(scoped_heap::home, {.budget = budget});
    ASSERT_TRUE(heap.ok()) << budget;
    EXPECT_EQ(heap.value()->budget(), budget / page_size * page_size);
    heap.value()->free(heap.value()->allocate(1 * MiB));
    shard_heap::destroy(heap.value());
  }
}

TEST(ShardHeap, BeginsWhatItHandsOutInAWindowWithoutBookkeeping) {
  scoped_heap heap(shard_heap::budget_min);
  std::vector<void*> all = exhaust(*heap, page_size);
  for (void* memory : all) {
    ASSERT_GE(address_of(memory), align_up(address_of(&*heap) + sizeof(shard_heap), region_size));
  }
  free_all(*heap, all);
}

TEST(ShardHeap, FindsRoomForOneWhereThereIsNoneForASlab) {
  for (const size_t size : {128 * KiB, 64 * KiB, 14 * KiB}) {
    scoped_heap heap(shard_heap::budget_min);
    std::vector<void*> all = exhaust(*heap, size);
    EXPECT_GE(all.size() * heap->usable_size(all.back()), heap->budget() * 7 / 8) << size;
    EXPECT_EQ(heap->stats().large_requests, 0u);
    heap->invariant();
    free_all(*heap, all);
    EXPECT_EQ(heap->stats().used, 0u);
  }
}

TEST(ShardHeap, KeepsRecordsOutOfTheWindowsThatHoldData) {
  scoped_heap heap(256 * MiB);
  std::set<uintptr_t> data_windows;
  std::vector<void*> all;
  const auto window_of = [](void* memory) { return address_of(memory) / region_size; };
  for (size_t round = 0; round < 1000; ++round) {
    for (size_t size : {size_t{32}, size_t{48}, size_t{256}, 4 * KiB, 40 * KiB}) {
      all.push_back(heap->allocate(size));
      data_windows.insert(window_of(all.back()));
    }
  }
  for (size_t size : {size_t{32}, size_t{48}, size_t{256}, 20 * KiB, 128 * KiB, 200 * KiB}) {
    for (size_t round = 0; round < 40; ++round) {
      all.push_back(heap->allocate_record(size));
      ASSERT_NE(all.back(), nullptr);
      EXPECT_FALSE(data_windows.contains(window_of(all.back()))) << size;
    }
  }
  heap->invariant();
  free_all(*heap, all);
  heap->trim();
  EXPECT_EQ(heap->stats().committed, heap->committed_floor());
}

TEST(ShardHeap, LetsRecordsHaveWhatDataHasGivenBack) {
  scoped_heap heap(8 * MiB);
  std::vector<void*> all = exhaust(*heap, 64 * KiB);
  EXPECT_EQ(heap->allocate_record(48), nullptr);
  free_all(*heap, all);
  while (void* memory = heap->allocate_record(48)) all.push_back(memory);
  EXPECT_GT(all.size() * 48, 7 * MiB);
  heap->invariant();
  free_all(*heap, all);
}

#ifdef COREBUF_DEBUG
TEST(ShardHeapDeathTest, StopsTheProcessWhenAnotherShardAllocates) {
  scoped_heap heap(shard_heap::budget_min);
  const acting_as other(scoped_heap::home + 1);
  EXPECT_DEATH(heap->allocate(16), "broken invariant: .*current_shard");
}
#endif

TEST(ShardHeapDeathTest, StopsTheProcessWhenASlotOfManyPagesIsFreedInTheMiddle) {
  scoped_heap heap(shard_heap::budget_min);
  std::byte* memory = static_cast<std::byte*>(heap->allocate(128 * KiB));
  EXPECT_DEATH(heap->free(memory + page_size), "broken invariant");
  heap->free(memory);
}

TEST(ShardHeapDeathTest, StopsTheProcessWhenALargeAllocationIsFreedTwiceOrInTheMiddle) {
  scoped_heap heap(shard_heap::budget_min);
  std::byte* memory = static_cast<std::byte*>(heap->allocate(256 * KiB));
  EXPECT_DEATH(heap->free(memory + page_size), "broken invariant");
  heap->free(memory);
  EXPECT_DEATH(heap->free(memory), "broken invariant");
}

}  // namespace
}  // namespace corebuf
