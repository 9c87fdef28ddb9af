#include "buffer/fragment_size.h"

#include <gtest/gtest.h>

namespace corebuf {
namespace {

TEST(FragmentSize, GrowsFromTheSmallestToTheLargestAndStaysThere) {
  size_t steps = 0;
  for (size_t expected : fragment_sizes) {
    const size_t size = fragment_sizes[next_fragment_step(steps, 1)];
    EXPECT_EQ(size, expected);
    steps = fragment_steps_to(size);
  }
  EXPECT_EQ(fragment_sizes[next_fragment_step(steps, 1)], fragment_size_max);
}

TEST(FragmentSize, HoldsWhatIsWantedAsFarAsAFragmentCan) {
  for (size_t steps = 0; steps <= fragment_sizes.size(); ++steps) {
    for (size_t wanted = 1; wanted < 200 * KiB; wanted += 97) {
      const size_t size = fragment_sizes[next_fragment_step(steps, wanted)];
      ASSERT_GE(size, std::min(wanted, fragment_size_max));
      ASSERT_TRUE(fragment_steps_to(size) > steps || size == fragment_size_max);
    }
  }
}

TEST(FragmentSize, GrowsByNoMoreThanTwo) {
  for (size_t at = 1; at < fragment_sizes.size(); ++at) {
    EXPECT_GT(fragment_sizes[at], fragment_sizes[at - 1]);
    EXPECT_LE(fragment_sizes[at], 2 * fragment_sizes[at - 1]);
  }
}

}  // namespace
}  // namespace corebuf
