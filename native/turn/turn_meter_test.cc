#include "turn/turn_meter.h"

#include <gtest/gtest.h>

#include <numeric>

namespace corebuf::test {
namespace {

constexpr uint64_t us = 1000;

class turn_meter_test : public testing::Test {
 protected:
  uint64_t turn_of(uint64_t length_us) { return meter.turn_ended(busy += length_us * us); }

  turn_meter meter;
  uint64_t busy = 5'000'000 * us;  // the program has started for 5 s
};

TEST_F(turn_meter_test, does_not_measure_the_start_of_the_program) {
  meter.set_threshold(1, 0);
  EXPECT_EQ(turn_of(0), 0u);
  EXPECT_EQ(meter.turns(), 1u);
  EXPECT_EQ(meter.stalls(), 0u);
  EXPECT_EQ(meter.longest_us(), 0u);
}

TEST_F(turn_meter_test, tells_how_long_a_turn_above_the_threshold_was) {
  meter.set_threshold(500, busy);
  EXPECT_EQ(meter.threshold_us(), 500u);
  turn_of(0);
  EXPECT_EQ(turn_of(500), 0u);
  EXPECT_EQ(turn_of(501), 501 * us);
  EXPECT_EQ(meter.stalls(), 1u);
  EXPECT_EQ(meter.longest_us(), 501u);
}

TEST_F(turn_meter_test, finds_no_stall_without_a_threshold) {
  turn_of(0);
  EXPECT_EQ(turn_of(10'000'000), 0u);
  EXPECT_EQ(meter.stalls(), 0u);
  EXPECT_EQ(meter.longest_us(), 10'000'000u);
}

TEST_F(turn_meter_test, measures_the_turn_that_sets_the_first_threshold_from_then_on) {
  turn_of(0);
  meter.set_threshold(500, busy + 900 * us);
  EXPECT_EQ(turn_of(1000), 0u) << "100 us after the threshold was set";
  EXPECT_EQ(meter.longest_us(), 1000u);
  meter.set_threshold(400, busy + 900 * us);
  EXPECT_EQ(turn_of(1000), 1000 * us) << "there was a threshold before";
}

TEST_F(turn_meter_test, sorts_turns_by_the_bits_of_their_microseconds) {
  turn_of(0);
  for (const uint64_t length : {0, 1, 2, 3, 4, 1023, 1024}) turn_of(length);
  turn_of(60'000'000);
  const auto& lengths = meter.by_length();
  EXPECT_EQ(lengths[0], 1u);
  EXPECT_EQ(lengths[1], 1u);
  EXPECT_EQ(lengths[2], 2u);
  EXPECT_EQ(lengths[3], 1u);
  EXPECT_EQ(lengths[10], 1u);
  EXPECT_EQ(lengths[11], 1u);
  EXPECT_EQ(lengths[turn_meter::lengths - 1], 1u);
  EXPECT_EQ(std::accumulate(lengths.begin(), lengths.end(), uint64_t{0}) + 1, meter.turns());
}

}  // namespace
}  // namespace corebuf::test
