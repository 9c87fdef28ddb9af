#include "base/histogram.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace corebuf {
namespace {

TEST(histogram, is_empty_at_first) {
  const histogram none;
  EXPECT_EQ(none.count(), 0u);
  EXPECT_EQ(none.sum_ns(), 0u);
  EXPECT_EQ(none.quantile_ns(0.5), 0u);
}

TEST(histogram, tells_a_duration_to_within_an_eighth) {
  for (uint64_t ns = 1; ns <= histogram::ns_max; ns = ns < 64 ? ns + 1 : ns * 9 / 8) {
    histogram two;
    two.add(ns);
    two.add(histogram::ns_max);
    EXPECT_GE(two.quantile_ns(0.5), ns);
    EXPECT_LE(two.quantile_ns(0.5), ns + ns / 8);
  }
}

TEST(histogram, counts_a_power_of_two_as_within_itself) {
  for (unsigned bits = 3; bits < histogram::bits_max; ++bits) {
    histogram three;
    three.add((uint64_t{1} << bits) - 1);
    three.add(uint64_t{1} << bits);
    three.add((uint64_t{1} << bits) + 1);
    uint64_t within[2];
    EXPECT_EQ(three.cumulate(bits, within), 3u);
    EXPECT_EQ(within[0], 2u) << bits;
    EXPECT_EQ(within[1], 3u) << bits;
  }
}

TEST(histogram, keeps_the_sum_and_the_longest_of_what_it_cannot_tell_apart) {
  histogram long_ones;
  long_ones.add(3 * histogram::ns_max);
  long_ones.add(5 * histogram::ns_max);
  EXPECT_EQ(long_ones.count(), 2u);
  uint64_t within[3];
  EXPECT_EQ(long_ones.cumulate(histogram::bits_max - 2, within), 2u);
  EXPECT_EQ(within[1], 0u);
  EXPECT_EQ(within[2], 2u);
  EXPECT_EQ(long_ones.sum_ns(), 8 * histogram::ns_max);
  EXPECT_EQ(long_ones.longest_ns(), 5 * histogram::ns_max);
}

TEST(histogram, agrees_with_a_sorted_list) {
  std::mt19937_64 random(testing::UnitTest::GetInstance()->random_seed());
  histogram some;
  std::vector<uint64_t> all;
  for (int index = 0; index < 20'000; ++index) {
    const uint64_t ns = random() >> (28 + random() % 32);
    some.add(ns);
    all.push_back(ns);
  }
  std::sort(all.begin(), all.end());
  for (const double part : {0.1, 0.5, 0.9, 0.99, 0.999}) {
    const uint64_t exact =
        std::max<uint64_t>(all[static_cast<size_t>(part * static_cast<double>(all.size())) - 1], 1);
    EXPECT_GE(some.quantile_ns(part), exact);
    EXPECT_LE(some.quantile_ns(part), exact + exact / 8);
  }
}

}  // namespace
}  // namespace corebuf
