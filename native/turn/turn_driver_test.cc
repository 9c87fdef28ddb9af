// Whole turns, with the parts of Node played by the test.
#include "turn/turn_driver.h"

#include <gtest/gtest.h>

#include <cstring>

#include "io/scratch_file_test_support.h"
#include "turn/mailbox_test_support.h"

namespace corebuf::test {
namespace {

constexpr uint64_t ms = 1'000'000;

attach_options with_spin(uint32_t spin_us) { return {.memory = {.budget = 64 * MiB}, .spin_us = spin_us}; }

TEST(turn_driver_test, sleeps_when_there_is_nothing_to_do) {
  turning_shard self;
  self.pass();
  EXPECT_TRUE(self.may_sleep());
  EXPECT_FALSE(self.loop.alive);
  EXPECT_EQ(self.turn.meter.turns(), 1u);
}

TEST(turn_driver_test, is_woken_by_the_flush_of_a_turn_that_sends) {
  calling_shard one, two;
  two.pass();
  ASSERT_TRUE(two.may_sleep());
  ASSERT_EQ(one.call(two, 1, ""), error_code::none);
  EXPECT_EQ(two.loop.wakes, 0u);
  one.pass();
  two.loop.poll(true);  // returns because it is woken
  EXPECT_EQ(two.loop.wakes, 1u);
  two.pass();
  ASSERT_EQ(two.arrived.size(), 1u);
  ASSERT_EQ(two.answer(two.arrived[0].record.token, message_status::ok, ""), error_code::none);
  for (int passes = 0; passes < 3; ++passes) two.pass(), one.pass();
  EXPECT_EQ(one.arrived.size(), 1u);
}

TEST(turn_driver_test, looks_again_for_its_spin_after_a_message) {
  calling_shard one, two(with_spin(50));
  two.pass();
  EXPECT_TRUE(two.may_sleep()) << "nothing has come yet";
  ASSERT_EQ(one.call(two, 1, ""), error_code::none);
  one.pass();
  two.pass();
  EXPECT_FALSE(two.may_sleep());
  two.clock.wait(49'999);
  two.pass();
  EXPECT_FALSE(two.may_sleep());
  two.clock.wait(1);
  two.pass();
  EXPECT_TRUE(two.may_sleep());
}

TEST(turn_driver_test, looks_again_for_files_only_while_few_are_in_flight) {
  const scratch_file scratch = scratch_file::make(false);
  turning_shard self(with_spin(50));
  const auto opened =
      self.act([&](shard&) { return self.turn.files.open(self.loop, scratch.get(), engine_kind::threads); });
  ASSERT_TRUE(opened.ok());
  size_t completed = 0;
  self.on_completions.function = [&](uint32_t count) { completed += count; };
  const auto sync = [&](uint32_t number) {
    self.act([&](shard& here) {
      open_file& file = self.turn.files[opened.value()];
      auto operation = file_operation::flush(here, file.file, io_op::datasync);
      ASSERT_TRUE(operation.ok());
      self.turn.files.start(self.loop, opened.value(), operation.value(), number);
    });
  };
  sync(0);
  self.pass();
  while (completed < 1) self.loop.poll(true), self.pass();
  EXPECT_TRUE(self.may_sleep()) << "nothing is in flight";
  sync(1);
  self.act([&](shard&) { self.turn.before_poll(); });
  // The sync may have ended, but its end is not known before the next reap: one is in flight.
  EXPECT_TRUE(self.turn.files.few_in_flight());
  EXPECT_FALSE(self.act([&](shard&) { return self.turn.before_poll(); }));
  self.clock.wait(50'000);
  EXPECT_TRUE(self.act([&](shard&) { return self.turn.before_poll(); }));
  while (completed < 2) self.loop.poll(true), self.pass();
}

TEST(turn_driver_test, releases_what_javascript_has_listed_before_it_sleeps) {
  turning_shard self;
  std::vector<uint32_t> list(handle_table::listed_max + 1);
  self.turn.handles.list_in(list.data());
  self.fill(9, "released");
  list[0] = 1;
  list[1] = 9;
  EXPECT_GT(self.live(), 0u);
  self.pass();
  EXPECT_EQ(self.live(), 0u);
  self.turn.handles.list_in(nullptr);
}

TEST(turn_driver_test, tells_v8_of_live_bytes_and_gives_idle_memory_back_a_second_later) {
  turning_shard self;
  for (size_t slot = 0; slot < 16; ++slot) self.fill(slot, letters(1 * MiB));
  self.pass();
  EXPECT_GE(self.memory.total, static_cast<int64_t>(16 * MiB));
  for (size_t slot = 0; slot < 16; ++slot) self.take(slot);
  self.pass();
  EXPECT_TRUE(self.may_sleep());
  EXPECT_LT(self.memory.total, static_cast<int64_t>(8 * MiB));
  EXPECT_EQ(self.loop.passes_in, (std::vector<uint64_t>{1000})) << "one pass more, to give memory back";
  for (int second = 0; second < 3; ++second) {
    self.clock.wait(1000 * ms);
    self.pass();
  }
  EXPECT_FALSE(self.turn.home().heap().idle_memory());
  const size_t passes = self.loop.passes_in.size();
  self.clock.wait(1000 * ms);
  self.pass();
  EXPECT_EQ(self.loop.passes_in.size(), passes) << "nothing is idle: the thread sleeps";
}

TEST(turn_driver_test, reports_a_stall_in_the_turn_after_it) {
  turning_shard self;
  std::vector<uint64_t> reported;
  self.on_stalls.function = [&](uint32_t count) {
    EXPECT_EQ(count, 1u);
    reported.push_back(self.turn.stalls.take()->blocked_us);
  };
  self.turn.set_stall_threshold(500);
  self.pass();
  self.clock.work(400'000);
  self.pass();
  EXPECT_TRUE(self.may_sleep());
  self.clock.wait(5 * ms);  // waiting for events is no stall
  self.pass();
  self.clock.work(700'000);
  self.pass();
  EXPECT_TRUE(reported.empty());
  EXPECT_FALSE(self.may_sleep()) << "a report waits";
  self.pass();
  EXPECT_EQ(reported, std::vector<uint64_t>{700});
  EXPECT_TRUE(self.may_sleep());
  EXPECT_EQ(self.turn.meter.stalls(), 1u);
}

TEST(turn_driver_test, tells_what_ran_for_too_long_from_what_waited) {
  turning_shard self;
  std::vector<uint64_t> on_cpu;
  self.on_stalls.function = [&](uint32_t) { on_cpu.push_back(self.turn.stalls.take()->on_cpu_us); };
  self.turn.set_stall_threshold(500);
  self.pass();
  self.clock.work(900'000);
  self.pass();
  self.clock.work(100'000);
  self.clock.stand(5 * ms);
  self.pass();
  self.pass();
  EXPECT_EQ(on_cpu, (std::vector<uint64_t>{900, 100}));
  EXPECT_EQ(self.turn.meter.stalls(), 2u);
  EXPECT_EQ(self.turn.meter.stalls_on_cpu(), 1u);
}

TEST(turn_driver_test, drops_a_report_that_javascript_does_not_take) {
  turning_shard self;
  self.turn.set_stall_threshold(500);
  self.pass();
  self.clock.work(1 * ms);
  self.pass();
  self.pass();
  EXPECT_FALSE(self.turn.stalls.waiting());
}

TEST(turn_driver_test, begins_to_watch_after_its_first_turn) {
  turning_shard self;
  self.turn.set_stall_threshold(500);
  EXPECT_FALSE(self.script.watched());
  self.pass();
  EXPECT_TRUE(self.script.watched());
  self.shut();
  EXPECT_FALSE(self.script.watched());
}

TEST(turn_driver_test, gives_back_everything_when_the_thread_ends) {
  const size_t dead = mesh::get().dead_shards();
  {
    turning_shard self;
    self.fill(0, letters(100'000));
    self.fill(200, "still held");
    self.shut();
    EXPECT_FALSE(self.turn.attached());
    self.shut();  // a second time does nothing
  }
  EXPECT_EQ(mesh::get().dead_shards(), dead);
}

TEST(turn_driver_test, cannot_attach_when_every_shard_is_taken) {
  std::vector<std::unique_ptr<buffer_host>> all;
  for (size_t number = 0; number < shards_max; ++number) {
    all.push_back(std::make_unique<buffer_host>(shard_heap::budget_min));
  }
  fixed_clock clock;
  test_loop loop;
  test_memory memory;
  test_script script;
  test_callback callback;
  turn_driver turn({clock, loop, memory, script, callback, callback, callback, callback});
  EXPECT_EQ(turn.attach({.memory = {.budget = shard_heap::budget_min}}), error_code::shards_in_use);
  EXPECT_FALSE(turn.attached());
}

}  // namespace
}  // namespace corebuf::test
