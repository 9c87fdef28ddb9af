#include "turn/on_cpu_time.h"

#include <gtest/gtest.h>

#include "turn/turn_test_support.h"

namespace corebuf::test {
namespace {

class on_cpu_time_test : public testing::Test {
 protected:
  static constexpr uint64_t us = 1000;

  /// A turn of so many microseconds. Returns how many of them it had a processor, as measured.
  uint64_t turn(uint64_t on_cpu_us, uint64_t standing_us = 0, bool stalled = false) {
    clock.work(on_cpu_us * us);
    clock.stand(standing_us * us);
    return measured.turn_ended(clock, clock.busy, stalled ? (on_cpu_us + standing_us) * us : 0) / us;
  }

  fixed_clock clock;
  on_cpu_time measured;
};

TEST_F(on_cpu_time_test, a_turn_that_waited_was_not_on_the_processor) {
  measured.begin(clock);
  EXPECT_EQ(turn(1000, 9000, true), 1000u);
  EXPECT_EQ(turn(10'000, 0, true), 10'000u);
  EXPECT_EQ(turn(0, 10'000, true), 0u);
}

TEST_F(on_cpu_time_test, what_came_before_the_turn_adds_less_than_an_interval) {
  measured.begin(clock);
  for (int round = 0; round < 1000; ++round) turn(7);
  const uint64_t found = turn(2000, 3000, true);
  EXPECT_GE(found, 2000u);
  EXPECT_LT(found, 2000u + on_cpu_time::interval_ns / us);
}

TEST_F(on_cpu_time_test, never_more_than_the_turn) {
  turn(400);
  EXPECT_EQ(turn(50, 0, true), 50u);
}

TEST_F(on_cpu_time_test, short_turns_read_the_clock_once_in_an_interval) {
  measured.begin(clock);
  clock.on_cpu_readings = 0;
  for (int round = 0; round < 1000; ++round) turn(5);
  EXPECT_EQ(clock.on_cpu_readings, 1000 * 5 * us / on_cpu_time::interval_ns);
}

}  // namespace
}  // namespace corebuf::test
