#include "turn/report_limit.h"

#include <gtest/gtest.h>

namespace corebuf::test {
namespace {

constexpr uint64_t first = 123'456'789;

TEST(report_limit_test, allows_so_many_reports_in_a_second_from_the_first_of_them) {
  report_limit limit;
  for (uint32_t report = 0; report < report_limit::reports_max; ++report) {
    ASSERT_TRUE(limit.allows(first + report));
    EXPECT_EQ(limit.count(first + report), report == 0);
  }
  EXPECT_FALSE(limit.allows(first + report_limit::period_ns - 1));
  EXPECT_TRUE(limit.allows(first + report_limit::period_ns));
}

TEST(report_limit_test, begins_a_new_second_with_the_first_report_after_one) {
  report_limit limit;
  limit.count(first);
  const uint64_t next = first + 10 * report_limit::period_ns;
  for (uint32_t report = 0; report < report_limit::reports_max; ++report) EXPECT_EQ(limit.count(next), report == 0);
  EXPECT_FALSE(limit.allows(next + report_limit::period_ns - 1));
  EXPECT_TRUE(limit.allows(next + report_limit::period_ns));
}

}  // namespace
}  // namespace corebuf::test
