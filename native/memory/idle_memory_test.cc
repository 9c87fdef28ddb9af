// Unused memory: how much is kept ready, how much is given back to the system, and when.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "memory/heap_test_support.h"
#include "memory/shard_heap.h"

namespace corebuf {
namespace {

std::vector<void*> fill(shard_heap& heap, size_t size, size_t count) {
  std::vector<void*> all;
  for (size_t at = 0; at < count; ++at) {
    all.push_back(heap.allocate(size));
    std::memset(all.back(), 1, size);
  }
  return all;
}

void free_every(shard_heap& heap, const std::vector<void*>& all) {
  for (void* memory : all) heap.free(memory);
}

TEST(IdleMemory, IsHandedOutAgainWithoutBeingAskedOfTheSystem) {
  scoped_heap heap(64 * MiB);
  free_every(*heap, fill(*heap, 256 * KiB, 4));
  const size_t committed = heap->stats().committed;
  free_every(*heap, fill(*heap, 256 * KiB, 4));
  EXPECT_EQ(heap->stats().committed, committed);
  heap->invariant();
}

TEST(IdleMemory, DecaysWhenNothingHasUsedItForAnInterval) {
  scoped_heap heap(64 * MiB);
  free_every(*heap, fill(*heap, 1 * MiB, 20));
  EXPECT_EQ(heap->decay(), 0u);  // It was in use until now.
  EXPECT_GT(heap->stats().committed, 20 * MiB);
  EXPECT_GE(heap->decay(), 20 * MiB);
  EXPECT_EQ(heap->stats().committed, heap->committed_floor());
  EXPECT_FALSE(heap->idle_memory());
  heap->invariant();
}

TEST(IdleMemory, StaysAsFarAsALoadNeedsItNowAndThen) {
  scoped_heap heap(64 * MiB);
  free_every(*heap, fill(*heap, 2 * MiB, 10));
  heap->decay();
  free_every(*heap, fill(*heap, 2 * MiB, 4));
  const size_t purged = heap->decay();
  EXPECT_GE(purged, 12 * MiB);
  EXPECT_LE(purged, 16 * MiB);
  EXPECT_GE(heap->stats().committed, 4 * MiB);
}

TEST(IdleMemory, IsGivenUpBeforeAnAllocationFails) {
  scoped_heap heap(8 * MiB);
  for (const size_t size : {64 * KiB, 700 * size_t{1}, 1 * MiB, 16 * KiB, 128 * KiB, 2 * MiB}) {
    std::vector<void*> all;
    while (void* memory = heap->allocate(size)) all.push_back(memory);
    EXPECT_GE(all.size() * size, 6 * MiB) << size;
    free_every(*heap, all);
    heap->invariant();
  }
}

TEST(IdleMemory, OfSlabsGoesBackWhenTheirLastSlotDoes) {
  scoped_heap heap(64 * MiB);
  const std::vector<void*> all = fill(*heap, 100, 50'000);
  EXPECT_GT(heap->stats().committed, 5 * MiB);
  free_every(*heap, all);
  EXPECT_GT(heap->trim(), 5 * MiB);
  EXPECT_EQ(heap->stats().committed, heap->committed_floor());
}

TEST(FailIn, FailsTheNthAllocationAndAllAfterItUntilItIsOff) {
  scoped_heap heap(8 * MiB);
  std::vector<void*> made;
  heap->fail_in(3);
  made.push_back(heap->allocate(32));
  made.push_back(heap->allocate_aligned(4096, 4096));
  EXPECT_NE(made[0], nullptr);
  EXPECT_NE(made[1], nullptr);
  EXPECT_EQ(heap->allocate(32), nullptr);
  EXPECT_EQ(heap->allocate(1 * MiB), nullptr);
  EXPECT_EQ(heap->refused(), 1 * MiB);
  EXPECT_EQ(heap->stats().failures, 2u);
  heap->fail_in(0);
  made.push_back(heap->allocate(32));
  EXPECT_NE(made[2], nullptr);
  free_every(*heap, made);
}

TEST(LargeRequests, AreCountedAbove128KiB) {
  scoped_heap heap(8 * MiB);
  free_every(*heap, {heap->allocate(128 * KiB), heap->allocate(128 * KiB + 1), heap->allocate(1 * MiB)});
  EXPECT_EQ(heap->stats().large_requests, 2u);
}

}  // namespace
}  // namespace corebuf
