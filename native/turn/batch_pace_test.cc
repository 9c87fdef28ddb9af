#include "turn/batch_pace.h"

#include <gtest/gtest.h>

namespace corebuf {
namespace {

TEST(batch_pace, batches_grow_while_items_are_quick_and_never_beyond_the_bound) {
  batch_pace pace(128);
  const size_t first = pace.next();
  pace.took(first * 10, first);
  EXPECT_EQ(pace.next(), 2 * first);
  for (int round = 0; round < 10; ++round) pace.took(pace.next() * 10, pace.next());
  EXPECT_EQ(pace.next(), 128u);
}

TEST(batch_pace, batches_last_about_a_hundred_microseconds) {
  batch_pace pace(4096);
  for (int round = 0; round < 20; ++round) pace.took(pace.next() * 2000, pace.next());
  EXPECT_EQ(pace.next(), 50u);
}

TEST(batch_pace, slow_items_come_one_by_one) {
  batch_pace pace(128);
  for (int round = 0; round < 5; ++round) pace.took(1'000'000'000, pace.next());
  EXPECT_EQ(pace.next(), 1u);
}

}  // namespace
}  // namespace corebuf
