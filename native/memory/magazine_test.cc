#include "memory/magazine.h"

#include <gtest/gtest.h>

#include <vector>

namespace corebuf {
namespace {

TEST(Magazine, HandsOutLastWhatCameLast) {
  magazine<int, 4> stack;
  EXPECT_TRUE(stack.empty());
  for (int number = 1; number <= 4; ++number) stack.push(number);
  EXPECT_TRUE(stack.full());
  for (int number = 4; number >= 1; --number) EXPECT_EQ(stack.pop(), number);
  EXPECT_TRUE(stack.empty());
}

TEST(Magazine, IsFullAtItsLimit) {
  magazine<int, 4> stack;
  stack.limit(2);
  stack.push(1);
  EXPECT_FALSE(stack.full());
  stack.push(2);
  EXPECT_TRUE(stack.full());
  stack.limit(100);
  EXPECT_EQ(stack.limit(), 4u);
}

TEST(Magazine, DropsItsOldestAndKeepsTheOrderOfTheRest) {
  magazine<int, 8> stack;
  for (int number = 1; number <= 5; ++number) stack.push(number);
  const std::vector<int> oldest(stack.oldest(3).begin(), stack.oldest(3).end());
  EXPECT_EQ(oldest, (std::vector<int>{1, 2, 3}));
  stack.drop_oldest(3);
  EXPECT_EQ(stack.size(), 2u);
  EXPECT_EQ(stack.pop(), 5);
  EXPECT_EQ(stack.pop(), 4);
}

TEST(Magazine, IsFilledInPlace) {
  magazine<int, 4> stack;
  stack.push(9);
  const std::span<int> room = stack.room(10);
  ASSERT_EQ(room.size(), 3u);
  room[0] = 1;
  room[1] = 2;
  stack.grow(2);
  EXPECT_EQ(stack.size(), 3u);
  EXPECT_EQ(stack.pop(), 2);
}

}  // namespace
}  // namespace corebuf
