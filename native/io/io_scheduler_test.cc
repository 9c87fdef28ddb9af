#include "io/io_scheduler.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "io/engines_test_support.h"
#include "io/slow_engine_test_support.h"

namespace corebuf::test {
namespace {

uint64_t now_us = 0;


class io_scheduler_test : public testing::Test {
 protected:
  static constexpr io_bounds bounds{.alone{64, 1 * GiB}, .shared{16, 1 * GiB}};

  io_scheduler_test() {
    classes_[0].goal_us = 0;
    make(bounds);
  }
  ~io_scheduler_test() override { scheduler_->drain(); }

  void make(io_bounds wanted) {
    auto engine = std::make_unique<slow_engine>();
    engine_ = engine.get();
    now_us = 1000;
    scheduler_ = std::make_unique<io_scheduler>(std::move(engine), classes_, wanted, [] { return now_us; });
  }

  uint8_t class_of(const char* name, uint32_t shares) {
    const size_t number = classes_.find_or_make(name);
    classes_[number].shares = shares;
    classes_[number].goal_us = 0;  // io_goal_test.cc has goals
    return static_cast<uint8_t>(number);
  }

  /// Submits reads of so many bytes, which wait for the next flush.
  void submit(uint8_t work, size_t count, size_t bytes = 4096, io_op op = io_op::read) {
    for (; count > 0; --count) {
      vectors_.push_back({nullptr, bytes});
      io_request& request = requests_.emplace_back();
      request.op = op;
      request.work = work;
      request.vectors = &vectors_.back();
      request.vector_count = 1;
      request.complete = [](io_request&) {};
      scheduler_->submit(request);
    }
  }

  /// The engine ends requests one at a time, oldest first.
  void work_off(size_t count) {
    for (; count > 0; --count) {
      engine_->complete(1);
      scheduler_->reap(SIZE_MAX);
      scheduler_->flush();
      scheduler_->invariant();
      most_at_work_ = std::max(most_at_work_, engine_->at_work.size());
    }
  }

  uint64_t completed(uint8_t work) { return classes_[work].completed; }

  io_classes classes_;
  std::deque<io_request> requests_;
  std::deque<iovec> vectors_;
  slow_engine* engine_ = nullptr;
  std::unique_ptr<io_scheduler> scheduler_;
  size_t most_at_work_ = 0;
};

TEST_F(io_scheduler_test, shares_of_four_to_one_give_four_to_one) {
  const uint8_t reads = class_of("reads", 400), writes = class_of("writes", 100);
  for (const size_t bytes : {4096, 128 * 1024}) {
    submit(writes, 2000, bytes);
    submit(reads, 2000, bytes);
    scheduler_->flush();
    const uint64_t reads_before = completed(reads), writes_before = completed(writes);
    work_off(1000);
    const double ratio = static_cast<double>(completed(reads) - reads_before) / static_cast<double>(completed(writes) - writes_before);
    EXPECT_NEAR(ratio, 4.0, 0.4);
    scheduler_->drain();
  }
}

TEST_F(io_scheduler_test, shares_are_of_bytes_where_requests_are_large) {
  const uint8_t small = class_of("small", 100), large = class_of("large", 100);
  submit(large, 300, 1 * MiB);
  submit(small, 4000, 64 * KiB);
  scheduler_->flush();
  work_off(2000);
  const double cost_small = static_cast<double>(completed(small)) * (64 * KiB + io_request_cost);
  const double cost_large = static_cast<double>(completed(large)) * (1 * MiB + io_request_cost);
  EXPECT_NEAR(cost_small / cost_large, 1.0, 0.1);
}

TEST_F(io_scheduler_test, shares_may_change_while_requests_wait) {
  const uint8_t first = class_of("first", 100), second = class_of("second", 100);
  submit(first, 3000);
  submit(second, 3000);
  scheduler_->flush();
  work_off(500);
  EXPECT_NEAR(static_cast<double>(completed(first)), 250, 25);
  classes_[first].shares = 400;
  const uint64_t before = completed(first);
  work_off(1000);
  EXPECT_NEAR(static_cast<double>(completed(first) - before), 800, 40);
}

TEST_F(io_scheduler_test, whoever_comes_later_does_not_wait_for_what_is_queued) {
  const uint8_t reads = class_of("reads", 100), writes = class_of("writes", 20);
  submit(writes, 1000, 128 * KiB, io_op::write);
  scheduler_->flush();
  EXPECT_EQ(engine_->at_work.size(), bounds.alone.requests);
  submit(reads, 5);
  scheduler_->flush();
  // The engine is above its limit, but these are within the share of their class.
  EXPECT_EQ(classes_[reads].in_flight, 5u);
  EXPECT_EQ(classes_[reads].queued, 0u);
}

TEST_F(io_scheduler_test, in_one_turn_the_order_of_the_calls_does_not_count) {
  const uint8_t writes = class_of("writes", 20);
  submit(writes, 1000, 128 * KiB, io_op::write);
  submit(0, 5);
  EXPECT_TRUE(engine_->order.empty());
  scheduler_->flush();
  const auto& order = engine_->order;
  EXPECT_EQ(order.size(), bounds.shared.requests);
  EXPECT_EQ(std::count_if(order.begin(), order.end(), [](auto* request) { return request->work == 0; }), 5);
}

TEST_F(io_scheduler_test, a_class_that_is_alone_has_all_that_the_engine_takes) {
  const uint8_t alone = class_of("alone", 1);
  class_of("idle", 1000);
  submit(alone, 200);
  scheduler_->flush();
  EXPECT_EQ(engine_->at_work.size(), bounds.alone.requests);
  work_off(10);
  EXPECT_EQ(engine_->at_work.size(), bounds.alone.requests);
  EXPECT_EQ(engine_->stats().submits, 11u);
}

TEST_F(io_scheduler_test, idleness_saves_nothing_up) {
  const uint8_t busy = class_of("busy", 100), idle = class_of("idle", 100);
  submit(busy, 5000);
  scheduler_->flush();
  work_off(2000);
  submit(idle, 2000);
  scheduler_->flush();
  const uint64_t before = completed(busy);
  work_off(1000);
  EXPECT_NEAR(static_cast<double>(completed(busy) - before), 500, 50);
}

TEST_F(io_scheduler_test, one_share_in_a_thousand_is_not_nothing) {
  const uint8_t great = class_of("great", io_shares_max), small = class_of("small", 1);
  submit(small, 10);
  for (int round = 0; round < 600; ++round) {
    submit(great, 32);
    scheduler_->flush();
    work_off(16);
  }
  EXPECT_GE(completed(small), 3u);
}

TEST_F(io_scheduler_test, no_more_than_the_bound_is_in_the_engine) {
  const uint8_t first = class_of("first", 300), second = class_of("second", 100), third = class_of("third", 1);
  for (const uint8_t work : {first, second, third}) submit(work, 500);
  scheduler_->flush();
  EXPECT_EQ(engine_->at_work.size(), bounds.shared.requests);
  work_off(1000);
  // The last request of a class may exceed its share.
  EXPECT_LE(most_at_work_, 2 * bounds.shared.requests);
  EXPECT_GE(engine_->at_work.size(), bounds.shared.requests);
}

TEST_F(io_scheduler_test, bytes_are_bounded_too_and_one_request_may_be_larger_than_all_of_them) {
  make({.alone{64, 1 * MiB}, .shared{16, 256 * KiB}});
  const uint8_t first = class_of("first", 100), second = class_of("second", 100);
  submit(first, 100, 64 * KiB);
  scheduler_->flush();
  EXPECT_EQ(engine_->at_work.size(), 16u);
  scheduler_->drain();
  submit(first, 10, 64 * KiB);
  submit(second, 10, 64 * KiB);
  scheduler_->flush();
  EXPECT_EQ(engine_->at_work.size(), 4u);
  scheduler_->drain();
  submit(first, 2, 2 * MiB);
  scheduler_->flush();
  EXPECT_EQ(engine_->at_work.size(), 1u);
  work_off(1);
  EXPECT_EQ(completed(first), 111u);
}

TEST_F(io_scheduler_test, late_completions_hold_up_nobody_but_take_room) {
  const uint8_t first = class_of("first", 100), second = class_of("second", 100);
  submit(first, 200);
  submit(second, 200);
  scheduler_->flush();
  io_request* const oldest = engine_->at_work.front();
  for (int round = 0; round < 300; ++round) {
    engine_->complete_last(1);
    scheduler_->reap(SIZE_MAX);
    scheduler_->flush();
    scheduler_->invariant();
  }
  EXPECT_EQ(engine_->at_work.front(), oldest);
  EXPECT_EQ(completed(first) + completed(second), 300u);
  EXPECT_NEAR(static_cast<double>(completed(first)), 150, 10);
}

TEST_F(io_scheduler_test, a_sync_waits_behind_nobody) {
  const uint8_t writes = class_of("writes", 100);
  submit(writes, 1000, 4096, io_op::write);
  submit(0, 100);
  scheduler_->flush();
  submit(writes, 1, 0, io_op::datasync);
  scheduler_->flush();
  EXPECT_EQ(engine_->at_work.back()->op, io_op::datasync);
}

TEST_F(io_scheduler_test, everything_is_counted) {
  const uint8_t writes = class_of("writes", 50);
  submit(writes, 100, 4096, io_op::write);
  scheduler_->flush();
  const io_class& its = classes_[writes];
  EXPECT_EQ(its.in_flight, 64u);
  EXPECT_EQ(its.queued, 36u);
  EXPECT_EQ(scheduler_->stats().in_flight, 100u);
  now_us += 10;
  work_off(1);
  EXPECT_EQ(its.waited_us, 360u);
  now_us += 10;
  work_off(1);
  EXPECT_EQ(its.waited_us, 710u);
  EXPECT_EQ(its.completed, 2u);
  EXPECT_EQ(its.bytes, 2u);  // as many as the engine reported
  EXPECT_EQ(scheduler_->stats().submits, engine_->stats().submits);
  scheduler_->drain();
  EXPECT_EQ(its.completed, 100u);
  EXPECT_EQ(its.in_flight + its.queued, 0u);
}

TEST(io_classes, are_known_by_their_names_and_few) {
  io_classes classes;
  EXPECT_EQ(classes.size(), 1u);
  EXPECT_EQ(classes[0].name, "default");
  EXPECT_EQ(classes.find_or_make("other"), 1u);
  EXPECT_EQ(classes.find_or_make("other"), 1u);
  EXPECT_EQ(classes.find_or_make("default"), 0u);
  for (size_t number = 2; number < io_classes_max; ++number) {
    EXPECT_EQ(classes.find_or_make(std::to_string(number)), number);
  }
  EXPECT_EQ(classes.find_or_make("one more"), io_classes_max);
  EXPECT_EQ(classes.find_or_make("other"), 1u);
}

}  // namespace
}  // namespace corebuf::test
