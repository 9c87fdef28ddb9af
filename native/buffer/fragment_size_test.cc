#include "buffer/fragment_size.h"

#include <gtest/gtest.h>

namespace corebuf {
namespace {

TEST(FragmentSize, GrowsFromTheSmallestToTheLargestAndStaysThere) {
  size_t size = 0;
  for (size_t expected : fragment_sizes) {
    size = next_fragment_size(size, 1);
    EXPECT_EQ(size, expected);
  }
  EXPECT_EQ(next_fragment_size(size, 1), fragment_size_max);
  EXPECT_EQ(next_fragment_size(100 * MiB, 1), fragment_size_max);
}

TEST(FragmentSize, HoldsWhatIsWantedAsFarAsAFragmentCan) {
  for (size_t previous : {size_t{0}, size_t{512}, size_t{5000}, fragment_size_max}) {
    for (size_t wanted = 1; wanted < 200 * KiB; wanted += 97) {
      const size_t size = next_fragment_size(previous, wanted);
      ASSERT_GE(size, std::min(wanted, fragment_size_max));
      ASSERT_TRUE(size > previous || size == fragment_size_max);
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
