// Latency goals beside background work, on simulated disks.
#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

#include "base/os_system.h"
#include "io/engines_test_support.h"
#include "io/io_device.h"
#include "io/io_scheduler.h"
#include "io/os_file.h"
#include "io/scratch_file_test_support.h"
#include "io/simulated_disk_test_support.h"
#include "io/transfer.h"

namespace corebuf::test {
namespace {

simulated_disk* clock_of = nullptr;

/// Several callers, each of which asks for the next bytes as soon as it has got some.
class load {
 public:
  load(io_engine& engine, simulated_disk& disk, io_device& device, size_t callers, uint8_t work, size_t bytes, io_op op = io_op::read)
      : engine_(engine), disk_(disk), device_(device), work_(work), bytes_(bytes), op_(op), callers_(callers) {}

  void begin() {
    running_ = true;
    for (caller& one : callers_) start(one);
  }
  void end() { running_ = false; }
  void forget() { times_.clear(); }

  size_t done() const { return times_.size(); }
  uint64_t quantile(double part) {
    std::sort(times_.begin(), times_.end());
    return times_[static_cast<size_t>(part * static_cast<double>(times_.size() - 1))];
  }

 private:
  struct caller : transfer {
    load* owner = nullptr;
    iovec vector{};
    uint64_t began_us = 0;
  };

  void start(caller& one) {
    one.owner = this;
    one.began_us = disk_.now_us;
    one.vector = {nullptr, bytes_};
    one.op = op_;
    one.work = work_;
    one.device = &device_;
    one.vectors = {&one.vector, 1};
    one.alignment = 4096;
    one.complete = [](transfer& done) {
      auto& its = static_cast<caller&>(done);
      EXPECT_EQ(its.result, static_cast<int64_t>(its.owner->bytes_));
      its.owner->times_.push_back(its.owner->disk_.now_us - its.began_us);
      if (its.owner->running_) its.owner->start(its);
    };
    one.transfer::start(engine_);
  }

  io_engine& engine_;
  simulated_disk& disk_;
  io_device& device_;
  const uint8_t work_;
  const size_t bytes_;
  const io_op op_;
  bool running_ = false;
  std::deque<caller> callers_;
  std::vector<uint64_t> times_;
};

struct simulated_shard {
  explicit simulated_shard(simulated_disk& disk) {
    auto made = std::make_unique<simulated_engine>(disk);
    engine = made.get();
    scheduler = std::make_unique<io_scheduler>(std::move(made), classes, io_bounds{}, [] { return clock_of->now_us; });
  }
  uint8_t make(const char* name, uint32_t shares, uint32_t goal_us) {
    const size_t number = classes.find_or_make(name);
    classes[number].shares = shares;
    classes[number].goal_us = goal_us;
    return static_cast<uint8_t>(number);
  }

  io_classes classes;
  simulated_engine* engine;
  std::unique_ptr<io_scheduler> scheduler;
};

class io_goal_test : public testing::Test {
 protected:
  static constexpr uint32_t goal_us = 1000;
  static constexpr size_t readers = 16;
  static constexpr size_t chunks = 4;
  static constexpr uint64_t settling_us = 3'000'000;
  static constexpr uint64_t measured_us = 2'000'000;

  io_goal_test() { clock_of = &disk_; }
  ~io_goal_test() override {
    for (auto& one : loads_) one->end();
    for (auto& shard : shards_) shard->scheduler->drain();
  }

  simulated_shard& shard() { return *shards_.emplace_back(std::make_unique<simulated_shard>(disk_)); }

  load& add(simulated_shard& at, size_t callers, uint8_t work, size_t bytes) {
    return *loads_.emplace_back(std::make_unique<load>(*at.scheduler, disk_, device_, callers, work, bytes));
  }

  /// Every shard sleeps until a request ends; a busy one sees that only when its turn is over.
  void run(uint64_t us) {
    const uint64_t until_us = disk_.now_us + us;
    while (disk_.now_us < until_us) {
      for (auto& one : shards_) one->scheduler->flush();
      uint64_t next_us = until_us;
      for (auto& one : shards_) next_us = std::min(next_us, one->engine->next_us());
      disk_.now_us = std::max(disk_.now_us + 1, next_us);
      if (busy_every_us_ > 0 && disk_.now_us > busy_at_us_) {
        disk_.now_us += busy_us_;
        busy_at_us_ = disk_.now_us + busy_every_us_;
      }
      for (auto& one : shards_) {
        one->scheduler->reap(SIZE_MAX);
        one->scheduler->invariant();
      }
    }
  }

  void settle_and_measure() {
    for (auto& one : loads_) one->begin();
    run(settling_us);
    for (auto& one : loads_) one->forget();
    run(measured_us);
  }

  /// The result of the load on a disk of its own.
  static size_t alone(size_t callers, size_t bytes) {
    simulated_disk disk;
    clock_of = &disk;
    io_device device;
    simulated_shard only(disk);
    load work(*only.scheduler, disk, device, callers, only.make("only", 100, goal_us), bytes);
    work.begin();
    for (const uint64_t until_us = disk.now_us + measured_us; disk.now_us < until_us;) {
      only.scheduler->flush();
      disk.now_us = only.engine->next_us();
      only.scheduler->reap(SIZE_MAX);
    }
    work.end();
    only.scheduler->drain();
    return work.done();
  }

  simulated_disk disk_;
  io_device device_;
  std::deque<std::unique_ptr<simulated_shard>> shards_;
  std::vector<std::unique_ptr<load>> loads_;
  uint64_t busy_every_us_ = 0;  // interval between turns of busy_us_
  uint64_t busy_us_ = 0;
  uint64_t busy_at_us_ = 0;
};

TEST_F(io_goal_test, readers_keep_their_goal_beside_a_scrub_which_gets_a_good_part) {
  const size_t scrub_alone = alone(chunks, 1 * MiB);
  clock_of = &disk_;
  simulated_shard& only = shard();
  load& reads = add(only, readers, only.make("reads", 1000, goal_us), 4 * KiB);
  load& scrub = add(only, chunks, only.make("scrub", 1, goal_us), 1 * MiB);
  settle_and_measure();
  EXPECT_LE(reads.quantile(0.9), goal_us * 5 / 4);
  EXPECT_GE(scrub.done(), scrub_alone / 5);
}

TEST_F(io_goal_test, without_a_goal_shares_alone_do_not_keep_reads_from_waiting) {
  simulated_shard& only = shard();
  load& reads = add(only, readers, only.make("reads", 1000, 0), 4 * KiB);
  add(only, chunks, only.make("scrub", 1, goal_us), 1 * MiB);
  settle_and_measure();
  EXPECT_GE(reads.quantile(0.5), 4 * goal_us);
}

TEST_F(io_goal_test, a_goal_that_is_never_kept_leaves_a_lower_class_its_least) {
  simulated_shard& only = shard();
  add(only, readers, only.make("reads", 1000, 1), 4 * KiB);
  load& scrub = add(only, chunks, only.make("scrub", 1, goal_us), 1 * MiB);
  settle_and_measure();
  EXPECT_EQ(device_.limit(), io_lower_min);
  EXPECT_GE(scrub.done(), 100u);
}

TEST_F(io_goal_test, shards_share_what_the_device_leaves_them) {
  simulated_shard& reading = shard();
  load& reads = add(reading, readers, reading.make("reads", 1000, goal_us), 4 * KiB);
  std::vector<load*> scrubs;
  for (int index = 0; index < 3; ++index) {
    simulated_shard& scrubbing = shard();
    scrubs.push_back(&add(scrubbing, chunks, scrubbing.make("scrub", 1, goal_us), 1 * MiB));
  }
  settle_and_measure();
  EXPECT_LE(reads.quantile(0.9), goal_us * 5 / 4);
  for (load* scrub : scrubs) EXPECT_GE(scrub->done(), 50u);
}

TEST_F(io_goal_test, another_device_is_left_alone) {
  io_device other;
  simulated_shard& only = shard();
  const uint8_t reads = only.make("reads", 1000, 1), scrub = only.make("scrub", 1, goal_us);
  add(only, readers, reads, 4 * KiB);
  loads_.push_back(std::make_unique<load>(*only.scheduler, disk_, other, chunks, scrub, 1 * MiB));
  settle_and_measure();
  EXPECT_EQ(std::count(only.engine->sizes.begin(), only.engine->sizes.end(), 1 * MiB),
            static_cast<ptrdiff_t>(only.engine->sizes.size() - static_cast<size_t>(std::count(
                only.engine->sizes.begin(), only.engine->sizes.end(), 4 * KiB))));
  EXPECT_EQ(only.classes[scrub].waited_us, 0u);
}

TEST_F(io_goal_test, room_comes_back_when_the_higher_class_has_stopped) {
  simulated_shard& only = shard();
  load& reads = add(only, readers, only.make("reads", 1000, 1), 4 * KiB);
  load& scrub = add(only, chunks, only.make("scrub", 1, goal_us), 1 * MiB);
  settle_and_measure();
  const size_t beside = scrub.done();
  reads.end();
  run(io_guard_us + 100'000);
  scrub.forget();
  run(measured_us);
  EXPECT_GE(scrub.done(), 2 * beside);
  EXPECT_EQ(only.engine->sizes.back(), 1 * MiB);
}

TEST_F(io_goal_test, classes_with_as_many_shares_are_not_limited) {
  simulated_shard& only = shard();
  add(only, readers, only.make("reads", 100, 1), 4 * KiB);
  add(only, chunks, only.make("scrub", 100, 1), 1 * MiB);
  settle_and_measure();
  EXPECT_EQ(std::count(only.engine->sizes.begin(), only.engine->sizes.end(), 128 * KiB), 0);
}

TEST_F(io_goal_test, a_busy_shard_that_sees_its_completions_late_does_not_blame_the_scrub) {
  busy_every_us_ = 15'000;
  busy_us_ = 3000;
  const size_t scrub_alone = alone(chunks, 1 * MiB);
  clock_of = &disk_;
  simulated_shard& only = shard();
  add(only, readers, only.make("reads", 1000, goal_us), 4 * KiB);
  load& scrub = add(only, chunks, only.make("scrub", 1, goal_us), 1 * MiB);
  settle_and_measure();
  EXPECT_GE(scrub.done(), scrub_alone / 5);
}

TEST_F(io_goal_test, a_class_below_the_guard_still_has_shares_among_its_like) {
  simulated_shard& only = shard();
  add(only, readers, only.make("reads", 1000, goal_us), 4 * KiB);
  load& more = add(only, 32, only.make("more", 40, goal_us), 64 * KiB);
  load& less = add(only, 32, only.make("less", 10, goal_us), 64 * KiB);
  settle_and_measure();
  EXPECT_NEAR(static_cast<double>(more.done()) / static_cast<double>(less.done()), 4, 0.8);
}

TEST_F(io_goal_test, time_held_back_is_counted) {
  simulated_shard& only = shard();
  const uint8_t reads = only.make("reads", 1000, goal_us), scrub = only.make("scrub", 1, goal_us);
  add(only, readers, reads, 4 * KiB);
  add(only, 8 * chunks, scrub, 1 * MiB);
  settle_and_measure();
  EXPECT_GT(only.classes[scrub].waited_us, measured_us / 10);
  EXPECT_LE(only.classes[scrub].waited_us, 8 * chunks * (settling_us + measured_us));
  EXPECT_EQ(only.classes[reads].waited_us, 0u);
  EXPECT_GE(only.classes[reads].latency.quantile(0.5), 100u);
}

/// Large transfers of a class below a guard, on a real engine.
class divided_test : public testing::Test {
 protected:
  divided_test() {
    io_class& guard = classes_[classes_.find_or_make("guard")];
    guard.shares = 1000;
    classes_[0].shares = 1;
    auto engine = thread_engine::open();
    scheduler_ = std::make_unique<io_scheduler>(std::move(engine.value()), classes_);
    device_.guard(1000, UINT32_MAX * uint64_t{1000});  // longer than the test
  }
  ~divided_test() override { scheduler_->drain(); }

  int64_t move(io_op op, std::vector<iovec> vectors, bool dsync = false) {
    transfer moving;
    moving.op = op;
    moving.dsync = dsync;
    moving.fd = file_.get();
    moving.device = &device_;
    moving.vectors = vectors;
    moving.alignment = block;
    moving.complete = [](transfer&) {};
    moving.start(*scheduler_);
    run_until_idle(*scheduler_);
    return moving.result;
  }

  io_classes classes_;
  io_device device_;
  scratch_file file_ = scratch_file::make(true);
  std::unique_ptr<io_scheduler> scheduler_;
};

TEST_F(divided_test, what_is_done_in_pieces_is_done_whole) {
  constexpr size_t length = 1 * MiB + 12 * KiB;
  block_memory data(length), read(length);
  for (size_t at = 0; at < length; ++at) data.data()[at] = static_cast<char>(at / 512 * 7 + at % 251);
  EXPECT_EQ(move(io_op::write, {data.vector(0, 4 * KiB), data.vector(4 * KiB, 700 * KiB), data.vector(704 * KiB, length - 704 * KiB)}),
            static_cast<int64_t>(length));
  EXPECT_GE(scheduler_->stats().writes, length / io_piece);
  EXPECT_EQ(move(io_op::read, {read.vector(0, 300 * KiB), read.vector(300 * KiB, length - 300 * KiB)}), static_cast<int64_t>(length));
  EXPECT_GE(scheduler_->stats().reads, length / io_piece);
  EXPECT_EQ(std::memcmp(read.data(), data.data(), length), 0);
  EXPECT_EQ(classes_[0].completed, 2u);
  EXPECT_EQ(classes_[0].bytes, 2 * length);
}

TEST_F(divided_test, a_read_in_pieces_ends_where_the_file_ends) {
  block_memory data(256 * KiB, 'd'), read(1 * MiB);
  move(io_op::write, {data.all()});
  EXPECT_EQ(move(io_op::read, {read.all()}), static_cast<int64_t>(256 * KiB));
}

TEST_F(divided_test, a_durable_write_is_not_divided) {
  if (!os_file::has_durable_writes) GTEST_SKIP() << "no write is durable by itself in a binary for " << os_system();
  block_memory data(1 * MiB, 'd');
  EXPECT_EQ(move(io_op::write, {data.all()}, true), static_cast<int64_t>(1 * MiB));
  EXPECT_EQ(scheduler_->stats().writes, 1u);
}

}  // namespace
}  // namespace corebuf::test
