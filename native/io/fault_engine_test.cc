#include "io/fault_engine.h"

#include <vector>

#include "io/engines_test_support.h"
#include "io/probe_test_support.h"
#include "io/scratch_file_test_support.h"

namespace corebuf::test {
namespace {

/// A probe that lists itself when it has ended.
struct noted : probe {
  noted(io_op asked, int file, uint64_t at, std::vector<iovec> bytes, std::vector<noted*>& ended)
      : probe(asked, file, at, std::move(bytes)), into(ended) {
    complete = [](io_request& done) {
      auto& self = static_cast<noted&>(done);
      self.into.push_back(&self);
    };
  }
  std::vector<noted*>& into;
};

class fault_engine_test : public engine_suite {
 protected:
  /// Requests get these faults, one each, then none.
  io_engine& with(std::vector<io_fault> faults) {
    auto made = fault_engine::open(engine(), [faults, next = size_t{0}](const io_request&) mutable {
      return next < faults.size() ? faults[next++] : io_fault{};
    });
    EXPECT_TRUE(made.ok());
    faulty_ = std::move(made.value());
    return *faulty_;
  }

  void TearDown() override {
    faulty_.reset();
    engine_suite::TearDown();
  }

  std::vector<noted*> ended_;

 private:
  std::unique_ptr<io_engine> faulty_;
};

TEST_P(fault_engine_test, a_failed_write_leaves_the_disk_as_it_was) {
  const scratch_file file = scratch_file::make(true);
  block_memory out(block, 'a'), in(block);
  noted write(io_op::write, file.get(), 0, {out.all()}, ended_);
  io_engine& faulty = with({io_fault::error(EIO)});
  faulty.submit(write);
  EXPECT_TRUE(ended_.empty()) << "complete() must not be called from submit()";
  run_until_idle(faulty);
  EXPECT_EQ(write.result, -EIO);
  noted read(io_op::read, file.get(), 0, {in.all()}, ended_);
  faulty.submit(read);
  run_until_idle(faulty);
  EXPECT_EQ(read.result, 0);
}

TEST_P(fault_engine_test, what_a_short_write_did_not_report_is_not_there) {
  const scratch_file file = scratch_file::make(false);
  block_memory out(3 * block, 'a'), in(3 * block);
  noted write(io_op::write, file.get(), 0, {out.vector(0, 100), out.vector(100, 2 * block)}, ended_);
  io_engine& faulty = with({io_fault::short_after(5000)});
  faulty.submit(write);
  run_until_idle(faulty);
  EXPECT_EQ(write.result, 5000);
  noted read(io_op::read, file.get(), 0, {in.all()}, ended_);
  faulty.submit(read);
  run_until_idle(faulty);
  EXPECT_EQ(read.result, 5000);
}

TEST_P(fault_engine_test, what_a_short_read_did_not_report_is_spoiled) {
  const scratch_file file = scratch_file::make(true);
  block_memory out(2 * block, 'a'), in(2 * block);
  noted write(io_op::write, file.get(), 0, {out.all()}, ended_);
  noted read(io_op::read, file.get(), 0, {in.all()}, ended_);
  io_engine& faulty = with({io_fault{}, io_fault::short_after(1000)});
  faulty.submit(write);
  run_until_idle(faulty);
  faulty.submit(read);
  run_until_idle(faulty);
  EXPECT_EQ(read.result, 1000);
  EXPECT_EQ(in.text(in.size()), std::string(1000, 'a') + std::string(2 * block - 1000, '\xdb'));
}

TEST_P(fault_engine_test, what_begins_or_ends_late_is_overtaken) {
  const scratch_file file = scratch_file::make(true);
  block_memory out(3 * block, 'a');
  noted late(io_op::write, file.get(), 0, {out.vector(0, block)}, ended_);
  noted told_late(io_op::write, file.get(), block, {out.vector(block, block)}, ended_);
  noted quick(io_op::write, file.get(), 2 * block, {out.vector(2 * block, block)}, ended_);
  io_engine& faulty = with({{.late_start = 100'000}, {.late_end = 100'000}});
  for (noted* request : {&late, &told_late, &quick}) faulty.submit(*request);
  while (ended_.empty()) {
    faulty.flush();
    ASSERT_TRUE(readable(faulty.wake_fd(), patience_ms));
    faulty.reap(16);
  }
  EXPECT_EQ(ended_, std::vector{&quick});
  faulty.drain();  // does not wait for the delay
  EXPECT_EQ(ended_.size(), 3U);
  for (const noted* request : ended_) EXPECT_EQ(request->result, int64_t{block});
}

TEST(fault_plan, hits_as_many_as_it_is_told_after_those_that_it_skips) {
  fault_plan plan;
  const uint32_t writes = 1U << static_cast<uint32_t>(io_op::write);
  plan.set(0, {{.ops = writes,
                .skip = 1,
                .times = 2,
                .chance = fault_rule::chance_max,
                .os_errno = EIO,
                .bytes_most = UINT32_MAX,
                .late_start = 0,
                .late_end = 3,
                .random = 0}});
  io_request read, write;
  write.op = io_op::write;
  std::vector<int> errors;
  for (int round = 0; round < 4; ++round) {
    EXPECT_TRUE(plan.decide(read).none());
    errors.push_back(plan.decide(write).os_errno);
  }
  EXPECT_EQ(errors, (std::vector{0, EIO, EIO, 0}));
  EXPECT_EQ(plan.hits(), 2U);
}

INSTANTIATE_TEST_SUITE_P(engines, fault_engine_test, all_engines(), name_of_engine);

}  // namespace
}  // namespace corebuf::test
