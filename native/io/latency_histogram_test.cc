#include "io/latency_histogram.h"

#include <gtest/gtest.h>

namespace corebuf {
namespace {

TEST(latency_histogram, has_no_quantile_of_nothing) {
  const latency_histogram none;
  EXPECT_EQ(none.quantile(0.5), 0u);
  EXPECT_EQ(none.quantile(1), 0u);
}

TEST(latency_histogram, tells_a_time_to_within_an_eighth) {
  for (uint64_t us = 0; us <= latency_histogram::us_max; us = us < 64 ? us + 1 : us * 9 / 8) {
    latency_histogram one;
    one.add(us);
    EXPECT_GE(one.quantile(0.5), us);
    EXPECT_LE(one.quantile(0.5), us + us / 8);
  }
  latency_histogram longest;
  longest.add(UINT64_MAX);
  EXPECT_EQ(longest.quantile(0.5), latency_histogram::us_max);
}

TEST(latency_histogram, finds_the_few_that_took_long) {
  latency_histogram times;
  for (int index = 0; index < 980; ++index) times.add(100);
  for (int index = 0; index < 20; ++index) times.add(50'000);
  EXPECT_NEAR(static_cast<double>(times.quantile(0.5)), 100, 12);
  EXPECT_NEAR(static_cast<double>(times.quantile(0.98)), 100, 12);
  EXPECT_NEAR(static_cast<double>(times.quantile(0.99)), 50'000, 6'250);
}

TEST(latency_histogram, forgets_what_is_long_ago) {
  latency_histogram times;
  for (uint32_t index = 0; index < 3 * latency_histogram::recent_max; ++index) times.add(9'000);
  for (uint32_t index = 0; index < 2 * latency_histogram::recent_max; ++index) times.add(10);
  EXPECT_LT(times.total(), latency_histogram::recent_max);
  EXPECT_LE(times.quantile(0.9), 11u);
}

}  // namespace
}  // namespace corebuf
