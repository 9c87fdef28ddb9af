#include "shard/spsc_ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <thread>
#include <vector>

#include "base/fuzz_test_support.h"

namespace corebuf {
namespace {

TEST(SpscRing, IsEmptyWhenMade) {
  spsc_ring<int, 4> ring;
  int value = 7;
  EXPECT_TRUE(ring.empty());
  EXPECT_FALSE(ring.try_pop(value));
  EXPECT_EQ(value, 7);
}

TEST(SpscRing, RefusesWhatDoesNotFitAndTakesItOnceThereIsRoom) {
  spsc_ring<int, 4> ring;
  for (int round = 0; round < 10; ++round) {
    for (int value = 0; value < 4; ++value) ASSERT_TRUE(ring.try_push(value));
    ASSERT_FALSE(ring.try_push(4));
    ring.invariant();
    int popped = -1;
    ASSERT_TRUE(ring.try_pop(popped));
    ASSERT_EQ(popped, 0);
    ASSERT_TRUE(ring.try_push(4));
    ASSERT_FALSE(ring.try_push(5));
    for (int value = 1; value <= 4; ++value) {
      ASSERT_TRUE(ring.try_pop(popped));
      ASSERT_EQ(popped, value);
    }
    ASSERT_TRUE(ring.empty());
  }
}

TEST(SpscRing, BehavesLikeABoundedDeque) {
  std::mt19937_64 random = seeded_random();
  spsc_ring<uint64_t, 8> ring;
  std::deque<uint64_t> model;
  for (uint64_t step = 0; step < 50'000; ++step) {
    if (random() % 2 == 0) {
      ASSERT_EQ(ring.try_push(step), model.size() < ring.capacity());
      if (model.size() < ring.capacity()) model.push_back(step);
    } else {
      uint64_t popped = 0;
      ASSERT_EQ(ring.try_pop(popped), !model.empty());
      if (model.empty()) continue;
      ASSERT_EQ(popped, model.front());
      model.pop_front();
    }
    ASSERT_EQ(ring.empty(), model.empty());
  }
}

TEST(SpscRing, ShowsStagedValuesOnlyOncePublished) {
  spsc_ring<int, 4> ring;
  int popped = 0;
  EXPECT_TRUE(ring.try_stage(1));
  EXPECT_TRUE(ring.try_stage(2));
  ring.invariant();
  EXPECT_FALSE(ring.all_published());
  EXPECT_TRUE(ring.empty());
  EXPECT_FALSE(ring.try_pop(popped));
  ring.publish();
  EXPECT_TRUE(ring.all_published());
  for (int wanted : {1, 2}) {
    ASSERT_TRUE(ring.try_pop(popped));
    EXPECT_EQ(popped, wanted);
  }
  for (int value = 3; value <= 6; ++value) EXPECT_TRUE(ring.try_stage(value));
  EXPECT_FALSE(ring.try_stage(7));  // Staged values use room.
  EXPECT_FALSE(ring.try_push(7));
  ring.publish();
  for (int wanted : {3, 4, 5, 6}) {
    ASSERT_TRUE(ring.try_pop(popped));
    EXPECT_EQ(popped, wanted);
  }
}

TEST(SpscRing, KeepsTheOrderBetweenThreads) {
  struct item {
    uint64_t number = 0;
    uint64_t* written = nullptr;  // A plain store that push must publish.
  };
  constexpr uint64_t items = sanitized ? 50'000 : 300'000;
  spsc_ring<item, 64> ring;
  std::vector<uint64_t> written(items);
  std::thread sender([&] {
    for (uint64_t number = 0; number < items; ++number) {
      written[number] = number * 3;
      while (!ring.try_push({number, &written[number]})) std::this_thread::yield();
    }
  });
  for (uint64_t number = 0; number < items; ++number) {
    item popped;
    while (!ring.try_pop(popped)) std::this_thread::yield();
    ASSERT_EQ(popped.number, number);
    ASSERT_EQ(*popped.written, number * 3);
  }
  sender.join();
  EXPECT_TRUE(ring.empty());
}

}  // namespace
}  // namespace corebuf
