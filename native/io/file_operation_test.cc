#include "io/file_operation.h"

#include <cerrno>
#include <vector>

#include "base/os_system.h"
#include "buffer/buffer_host_test_support.h"
#include "io/engines_test_support.h"
#include "io/fault_engine.h"
#include "io/os_file.h"
#include "io/scratch_file_test_support.h"

namespace corebuf::test {
namespace {

/// The requests that an engine got.
struct step {
  io_op op;
  bool dsync;
  bool operator==(const step&) const = default;
};

constexpr step durable_write{io_op::write, true}, plain_write{io_op::write, false}, sync_of_data{io_op::datasync, false};

class file_operation_test : public engine_suite {
 protected:
  static constexpr size_t length = 3 * block;

  void SetUp() override {
    engine_suite::SetUp();
    if (IsSkipped()) return;
    scratch_ = scratch_file::make(true);
    file_ = std::move(dma_file::adopt(scratch_.get()).value());
  }

  /// Writes `length` letters at position 0 and returns the result.
  int64_t write(char letter, bool durable, fault_engine::decision plan) {
    steps_.clear();
    auto opened = fault_engine::open(engine(), [&](const io_request& request) {
      steps_.push_back({request.op, request.dsync});
      return plan(request);
    });
    io_engine& faulty = *opened.value();
    buffer* bytes = buffer::make(*host_, length, block);
    std::memset(bytes->data, letter, length);
    iobuf data;
    EXPECT_TRUE(data.append_reference(*host_, *bytes));
    file_operation* written = file_operation::write(*host_, file_, 0, data, durable).value();
    data.release(*host_);
    int completions = 0;
    written->start(faulty, [](file_operation& done) { ++*static_cast<int*>(done.context()); }, &completions);
    run_until_idle(faulty);
    EXPECT_EQ(completions, 1);
    const int64_t outcome = written->result_or_errno();
    written->end();
    return outcome;
  }

  std::string content() {
    block_memory in(length);
    EXPECT_EQ(::pread(scratch_.get(), in.data(), in.size(), 0), static_cast<ssize_t>(in.size()));
    return in.text(in.size());
  }

  buffer_host host_;
  acting_as here_{host_->id()};
  scratch_file scratch_;
  dma_file file_;
  std::vector<step> steps_;
};

io_fault none(const io_request&) { return {}; }

TEST_P(file_operation_test, a_durable_write_is_one_request) {
  if (!os_file::has_durable_writes) GTEST_SKIP() << "no write is durable by itself in a binary for " << os_system();
  EXPECT_EQ(write('a', true, none), int64_t{length});
  EXPECT_EQ(steps_, std::vector{durable_write});
  EXPECT_EQ(write('b', false, none), int64_t{length});
  EXPECT_EQ(steps_, std::vector{plain_write});
  EXPECT_EQ(content(), std::string(length, 'b'));
}

TEST_P(file_operation_test, a_durable_write_that_stops_short_resumes_durably) {
  if (!os_file::has_durable_writes) GTEST_SKIP() << "no write is durable by itself in a binary for " << os_system();
  EXPECT_EQ(write('s', true, [](auto&) { return io_fault::short_after(block + 100); }), int64_t{length});
  EXPECT_EQ(steps_, std::vector(3, durable_write));
  EXPECT_EQ(content(), std::string(length, 's'));
}

TEST_P(file_operation_test, where_no_write_can_be_durable_a_sync_follows_it) {
  const auto plan = [](const io_request& request) { return request.dsync ? io_fault::error(EOPNOTSUPP) : io_fault{}; };
  EXPECT_EQ(write('f', true, plan), int64_t{length});
  std::vector<step> expected{plain_write, sync_of_data};
  if (os_file::has_durable_writes) expected.insert(expected.begin(), durable_write);
  EXPECT_EQ(steps_, expected);
  EXPECT_EQ(content(), std::string(length, 'f'));
}

TEST_P(file_operation_test, a_durable_write_refused_after_its_first_bytes_begins_again) {
  if (!os_file::has_durable_writes) GTEST_SKIP() << "no write is durable by itself in a binary for " << os_system();
  const auto plan = [seen = 0](const io_request& request) mutable {
    if (!request.dsync) return io_fault{};
    return ++seen == 1 ? io_fault::short_after(block) : io_fault::error(EOPNOTSUPP);
  };
  EXPECT_EQ(write('r', true, plan), int64_t{length});
  EXPECT_EQ(steps_, (std::vector{durable_write, durable_write, plain_write, sync_of_data}));
  EXPECT_EQ(content(), std::string(length, 'r'));
}

TEST_P(file_operation_test, an_error_of_the_sync_that_follows_is_the_result) {
  const auto plan = [](const io_request& request) {
    if (request.op == io_op::datasync) return io_fault::error(EIO);
    return request.dsync ? io_fault::error(EOPNOTSUPP) : io_fault{};
  };
  EXPECT_EQ(write('e', true, plan), -EIO);
}

TEST_P(file_operation_test, other_errors_of_a_durable_write_are_its_result) {
  EXPECT_EQ(write('e', true, [](auto&) { return io_fault::error(ENOSPC); }), -ENOSPC);
  EXPECT_EQ(steps_, std::vector{os_file::has_durable_writes ? durable_write : plain_write});
}

TEST_P(file_operation_test, a_plain_write_that_is_refused_is_not_tried_again) {
  EXPECT_EQ(write('p', false, [](auto&) { return io_fault::error(EOPNOTSUPP); }), -EOPNOTSUPP);
  EXPECT_EQ(steps_, std::vector{plain_write});
}

INSTANTIATE_TEST_SUITE_P(engines, file_operation_test, all_engines(), name_of_engine);

}  // namespace
}  // namespace corebuf::test
