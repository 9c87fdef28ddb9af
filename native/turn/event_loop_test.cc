#include "turn/event_loop.h"

#include <gtest/gtest.h>

#include "turn/turn_test_support.h"

namespace corebuf::test {
namespace {

TEST(event_loop_test, is_kept_alive_by_as_many_holds_as_have_not_been_let_go) {
  test_loop loop;
  loop.hold();
  loop.hold();
  EXPECT_TRUE(loop.alive);
  loop.let_go();
  EXPECT_TRUE(loop.alive);
  loop.let_go();
  EXPECT_FALSE(loop.alive);
}

TEST(event_loop_test, tells_once_which_descriptors_were_readable) {
  test_loop loop, other;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ASSERT_TRUE(loop.watch(2, ends[0]));
  loop.poll(false);
  EXPECT_EQ(loop.take_readable(), 0u);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  loop.poll(true);
  EXPECT_EQ(loop.take_readable(), 1u << 2);
  EXPECT_EQ(loop.take_readable(), 0u);
  for (const int end : ends) ::close(end);
}

TEST(event_loop_test, forgets_a_descriptor_that_is_watched_no_longer) {
  test_loop loop;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  ASSERT_TRUE(loop.watch(2, ends[0]));
  loop.poll(true);
  loop.unwatch(2);
  EXPECT_EQ(loop.take_readable(), 0u);
  for (const int end : ends) ::close(end);
}

TEST(event_loop_death_test, stops_the_process_when_more_is_let_go_than_was_held) {
  test_loop loop;
  EXPECT_DEATH(loop.let_go(), "held_ > 0");
}

}  // namespace
}  // namespace corebuf::test
