#include "turn/stall_reporter.h"

#include <gtest/gtest.h>

#include "turn/turn_test_support.h"

namespace corebuf::test {
namespace {

class stall_reporter_test : public testing::Test {
 protected:
  stall_reporter_test() { area.outgoing = outgoing.data(); }
  ~stall_reporter_test() override { reporter.close(); }

  void running_method(uint32_t method) {
    const uint32_t word = method + 1;
    std::memcpy(outgoing.data() + static_cast<size_t>(outgoing_word::running) * sizeof word, &word,
                sizeof word);
  }

  /// Until the watch of the process looks seldom; then every look is a second away, so that it stays as it is.
  void become_calm() {
    reporter.open(1);
    while (!stall_watch::get().calm()) {
      reporter.turn_began();
      reporter.turn_ended(0, 0);
    }
    reporter.set_threshold(1'000'000);
  }

  words_of_javascript outgoing{exchange::size};
  exchange area;
  fixed_clock clock;
  test_script script;
  stall_reporter reporter{area, clock, script};
};

TEST_F(stall_reporter_test, reports_a_stall_when_its_turn_has_ended) {
  reporter.open(1000);
  reporter.turn_began();
  reporter.turn_ended(0, 0);
  EXPECT_FALSE(reporter.waiting());
  reporter.turn_began();
  reporter.turn_ended(2'500'000, 600'000);
  ASSERT_TRUE(reporter.waiting());
  const std::optional<stall_report> report = reporter.take();
  EXPECT_EQ(report->blocked_us, 2500u);
  EXPECT_EQ(report->on_cpu_us, 600u);
  EXPECT_EQ(report->suppressed, 0u);
  EXPECT_EQ(report->handler, 0u);
  EXPECT_EQ(report->stack, "");
  EXPECT_FALSE(reporter.waiting());
  EXPECT_FALSE(reporter.take().has_value());
}

TEST_F(stall_reporter_test, takes_the_stack_and_the_method_while_the_turn_is_overdue) {
  reporter.open(1);
  running_method(41);
  reporter.turn_began();
  script.await_interrupt();
  EXPECT_TRUE(script.arrive("at slow (file.js:1:1)"));
  reporter.turn_ended(1'000'000, 0);
  const std::optional<stall_report> report = reporter.take();
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->handler, 42u);
  EXPECT_EQ(report->stack, "at slow (file.js:1:1)");
}

TEST_F(stall_reporter_test, keeps_as_much_of_a_stack_as_there_is_room_for) {
  reporter.open(1);
  reporter.turn_began();
  script.await_interrupt();
  EXPECT_TRUE(script.arrive(std::string(100'000, 'x')));
  reporter.turn_ended(1'000'000, 0);
  EXPECT_EQ(reporter.take()->stack, std::string(8192, 'x'));
}

TEST_F(stall_reporter_test, wants_no_stack_of_a_turn_that_is_not_overdue) {
  reporter.open(1);
  reporter.turn_began();
  script.await_interrupt();
  reporter.turn_ended(0, 0);
  EXPECT_FALSE(script.arrive("the turn is over"));
  reporter.set_threshold(3'600'000'000);
  reporter.turn_began();
  EXPECT_FALSE(script.arrive("another turn runs"));
  reporter.turn_ended(1'000'000, 0);
  EXPECT_EQ(reporter.take()->stack, "");
}

TEST_F(stall_reporter_test, wants_no_stack_that_it_may_not_report) {
  reporter.open(1);
  for (uint32_t report = 0; report < report_limit::reports_max; ++report) {
    reporter.turn_ended(1'000'000, 0);
    ASSERT_TRUE(reporter.take().has_value());
  }
  reporter.turn_began();
  script.await_interrupt();
  EXPECT_FALSE(script.arrive("the eleventh in a second"));
}

TEST_F(stall_reporter_test, counts_the_stalls_that_it_does_not_report) {
  reporter.open(1000);
  reporter.turn_ended(1'000'000, 0);
  reporter.turn_ended(2'000'000, 0);  // one waits already
  EXPECT_EQ(reporter.take()->blocked_us, 1000u);
  for (uint32_t report = 1; report < report_limit::reports_max; ++report) {
    reporter.turn_ended(1'000'000, 0);
    EXPECT_EQ(reporter.take()->suppressed, report == 1 ? 1u : 0u);
  }
  for (int stall = 0; stall < 5; ++stall) reporter.turn_ended(1'000'000, 0);
  EXPECT_FALSE(reporter.waiting()) << "ten in this second";
  clock.wait(report_limit::period_ns);
  reporter.turn_ended(1'000'000, 0);
  EXPECT_EQ(reporter.take()->suppressed, 5u);
}

TEST_F(stall_reporter_test, a_stall_makes_the_watch_alert_for_the_next_one) {
  become_calm();
  reporter.turn_ended(0, 0);
  EXPECT_TRUE(stall_watch::get().calm());
  reporter.turn_ended(1'000'000, 0);
  EXPECT_FALSE(stall_watch::get().calm());
}

TEST_F(stall_reporter_test, later_stalls_of_the_same_second_leave_the_watch_calm) {
  reporter.turn_ended(1'000'000, 0);
  become_calm();
  for (uint32_t report = 0; report < 2 * report_limit::reports_max; ++report) {
    reporter.take();
    reporter.turn_ended(1'000'000, 0);
  }
  EXPECT_TRUE(stall_watch::get().calm());
  clock.wait(report_limit::period_ns);
  reporter.turn_ended(1'000'000, 0);
  EXPECT_FALSE(stall_watch::get().calm());
}

TEST_F(stall_reporter_test, does_not_open_where_another_reporter_watches_the_thread) {
  script.refuse = true;
  reporter.open(1);
  reporter.set_threshold(1);
  reporter.turn_began();
  reporter.turn_ended(0, 0);
  EXPECT_FALSE(script.watched());
  reporter.close();
}

TEST_F(stall_reporter_test, watches_no_turn_while_the_threshold_is_zero) {
  reporter.open(0);
  EXPECT_TRUE(script.watched());
  reporter.turn_began();
  EXPECT_FALSE(script.arrive("not watched"));
  reporter.set_threshold(1);
  reporter.turn_began();
  script.await_interrupt();
  reporter.set_threshold(0);
  EXPECT_FALSE(script.arrive("not watched any more"));
  reporter.close();
  EXPECT_FALSE(script.watched());
}

}  // namespace
}  // namespace corebuf::test
