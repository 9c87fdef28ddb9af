#include "turn/external_memory.h"

#include <gtest/gtest.h>

#include "turn/turn_test_support.h"

namespace corebuf::test {
namespace {

TEST(external_memory_test, reports_live_bytes_in_steps_of_8_mib) {
  test_memory memory;
  memory.report(8 * MiB - 1);
  EXPECT_TRUE(memory.adjusted.empty());
  memory.report(8 * MiB);
  EXPECT_EQ(memory.total, static_cast<int64_t>(8 * MiB));
  memory.report(1);
  EXPECT_EQ(memory.total, static_cast<int64_t>(8 * MiB)) << "a little less than a step back";
  memory.report(0);
  EXPECT_EQ(memory.total, 0);
}

}  // namespace
}  // namespace corebuf::test
