#include "turn/spin_policy.h"

#include <gtest/gtest.h>

namespace corebuf::test {
namespace {

constexpr uint64_t length_ns = 50'000;

class spin_policy_test : public testing::Test {
 protected:
  void SetUp() override { policy.set_length(50); }

  /// Something came, and nothing after it.
  void miss() {
    policy.active(now);
    now += length_ns;
    EXPECT_FALSE(policy.spinning(now));
  }

  spin_policy policy;
  uint64_t now = 1'000'000;
};

TEST_F(spin_policy_test, never_spins_when_its_length_is_zero) {
  policy.set_length(0);
  policy.active(now);
  EXPECT_TRUE(policy.off());
  EXPECT_FALSE(policy.spinning(now));
}

TEST_F(spin_policy_test, spins_for_its_length_after_something_came) {
  EXPECT_TRUE(policy.off());
  policy.active(now);
  EXPECT_FALSE(policy.off());
  EXPECT_TRUE(policy.spinning(now + length_ns - 1));
  EXPECT_FALSE(policy.spinning(now + length_ns));
  EXPECT_TRUE(policy.off());
}

TEST_F(spin_policy_test, spins_on_from_the_last_that_came) {
  policy.active(now);
  policy.active(now + length_ns - 1);
  EXPECT_TRUE(policy.spinning(now + 2 * length_ns - 2));
  EXPECT_FALSE(policy.spinning(now + 2 * length_ns - 1));
}

TEST_F(spin_policy_test, sleeps_at_once_for_256_bursts_after_four_misses_in_a_row) {
  for (int misses = 0; misses < 4; ++misses) miss();
  for (int burst = 0; burst < 256; ++burst) {
    policy.active(now);
    ASSERT_FALSE(policy.spinning(now)) << burst;
  }
  policy.active(now);
  EXPECT_TRUE(policy.spinning(now));
}

TEST_F(spin_policy_test, forgets_misses_when_spinning_has_found_something) {
  for (int misses = 0; misses < 3; ++misses) miss();
  policy.active(now);
  policy.active(now + 1);  // found while it spun
  now += length_ns + 1;
  EXPECT_FALSE(policy.spinning(now));
  policy.active(now);
  EXPECT_TRUE(policy.spinning(now)) << "one miss, not four";
}

}  // namespace
}  // namespace corebuf::test
