#include "turn/file_table.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <string>

#include "io/scratch_file_test_support.h"
#include "turn/turn_test_support.h"

namespace corebuf::test {
namespace {

class file_table_test : public testing::TestWithParam<engine_kind> {
 protected:
  file_table_test() {
    self.on_completions.function = [this](uint32_t count) {
      batches.push_back(count);
      for (uint32_t ordinal = 0; ordinal < count; ++ordinal) {
        completion_record record;
        std::memcpy(&record, self.turn.area.incoming + ordinal * sizeof record, sizeof record);
        results[static_cast<uint32_t>(record.number)] = record.result;
        if (during_batch) during_batch(static_cast<uint32_t>(record.number), ordinal);
      }
    };
  }

  void SetUp() override {
    if (GetParam() == engine_kind::io_uring && uring_refusal() != nullptr) GTEST_SKIP() << uring_refusal();
  }

  void TearDown() override {
    self.pass();
    EXPECT_EQ(self.live(), 0u);
    EXPECT_FALSE(self.loop.alive);
  }

  uint32_t open() {
    const auto opened = self.act([&](shard&) { return files.open(self.loop, scratch.get(), GetParam()); });
    EXPECT_TRUE(opened.ok());
    return opened.value();
  }

  void write(uint32_t file, uint32_t number, uint64_t position, std::string_view text) {
    self.act([&](shard& here) {
      iobuf data;
      ASSERT_TRUE(data.append(here, bytes_of(text)));
      auto operation = file_operation::write(here, files[file].file, position, data, false);
      ASSERT_TRUE(operation.ok());
      files.start(self.loop, file, operation.value(), number);
      data.release(here);
    });
  }

  void read(uint32_t file, uint32_t number, uint64_t position, size_t length) {
    self.act([&](shard& here) {
      auto operation = file_operation::read(here, files[file].file, position, length);
      ASSERT_TRUE(operation.ok());
      files.start(self.loop, file, operation.value(), number);
    });
  }

  void sync(uint32_t file, uint32_t number) {
    self.act([&](shard& here) {
      auto operation = file_operation::flush(here, files[file].file, io_op::datasync);
      ASSERT_TRUE(operation.ok());
      files.start(self.loop, file, operation.value(), number);
    });
  }

  /// Turns until `count` operations have ended in all. The first turn submits what the test has started.
  void await(size_t count) {
    self.pass();
    while (results.size() < count) self.pass(true);
  }

  std::string claim(uint32_t ordinal) {
    return self.act([&](shard& here) {
      iobuf data = files.claim(ordinal);
      const std::string text = text_of(data);
      data.release(here);
      return text;
    });
  }

  scratch_file scratch = scratch_file::make(false);
  turning_shard self;
  file_table& files = self.turn.files;
  std::map<uint32_t, double> results;  // by number
  std::vector<uint32_t> batches;
  std::function<void(uint32_t number, uint32_t ordinal)> during_batch;
};

TEST_P(file_table_test, brings_back_what_was_written) {
  const uint32_t file = open();
  write(file, 1, 0, "written and read");
  EXPECT_TRUE(self.loop.alive);
  await(1);
  EXPECT_EQ(results[1], 16);
  std::string text;
  during_batch = [&](uint32_t number, uint32_t ordinal) {
    if (number == 2) text = claim(ordinal);
  };
  read(file, 2, 8, 100);
  await(2);
  EXPECT_EQ(results[2], 8);
  EXPECT_EQ(text, "and read");
  sync(file, 3);
  await(3);
  EXPECT_EQ(results[3], 0);
}

TEST_P(file_table_test, uses_the_numbers_of_closed_files_again) {
  const uint32_t first = open(), second = open();
  EXPECT_NE(first, second);
  EXPECT_NE(files[first].file.fd(), files[second].file.fd()) << "each has a descriptor of its own";
  files.close(first);
  EXPECT_EQ(open(), first);
}

TEST_P(file_table_test, counts_the_operations_of_a_file_until_the_kernel_is_done) {
  const uint32_t file = open(), other = open();
  write(file, 1, 0, "written");
  read(file, 2, 0, 7);
  sync(other, 3);
  EXPECT_EQ(files[file].in_flight, 2u);
  EXPECT_EQ(files[other].in_flight, 1u);
  await(3);
  EXPECT_EQ(files[file].in_flight, 0u);
  EXPECT_EQ(files[other].in_flight, 0u);
  files.close(file);
}

TEST_P(file_table_test, has_one_engine_for_all_files_of_a_kind) {
  const uint32_t first = open(), second = open();
  EXPECT_EQ(files[first].engine, files[second].engine);
  EXPECT_STREQ(files.engine_name(), files[first].engine->name());
}

TEST_P(file_table_test, cannot_open_a_file_when_the_loop_cannot_watch_the_engine) {
  self.loop.refuse_watches = true;
  const auto refused = self.act([&](shard&) { return files.open(self.loop, scratch.get(), GetParam()); });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.failure().code, error_code::out_of_memory);
  self.loop.refuse_watches = false;
  open();
}

TEST_P(file_table_test, refuses_a_descriptor_that_is_not_open) {
  const auto refused = self.act([&](shard&) { return files.open(self.loop, -1, GetParam()); });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.failure().os_errno, EBADF);
}

TEST_P(file_table_test, refuses_descriptors_without_positions_because_their_reads_may_never_end) {
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(::pipe(pipe_ends.data()), 0);
  const unique_fd out(pipe_ends[0]), in(pipe_ends[1]), socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  for (const unique_fd* refused : {&out, &in, &socket}) {
    const auto opened = self.act([&](shard&) { return files.open(self.loop, refused->get(), GetParam()); });
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.failure().os_errno, ESPIPE);
  }
}

TEST_P(file_table_test, counts_what_is_in_flight_up_to_a_few) {
  const uint32_t file = open();
  EXPECT_FALSE(files.few_in_flight()) << "nothing is";
  for (uint32_t number = 0; number < 4; ++number) write(file, number, number * 4096, "x");
  EXPECT_TRUE(files.few_in_flight());
  write(file, 4, 5 * 4096, "x");
  EXPECT_FALSE(files.few_in_flight());
  EXPECT_EQ(files.stats().in_flight, 5u);
  await(5);
  EXPECT_EQ(files.stats().in_flight, 0u);
  EXPECT_EQ(files.stats().writes, 5u);
}

TEST_P(file_table_test, has_given_back_an_operation_before_microtasks_run) {
  const uint32_t file = open();
  write(file, 1, 0, "x");
  self.on_completions.microtasks = [&] { EXPECT_FALSE(self.loop.alive); };
  await(1);
}

TEST_P(file_table_test, injects_faults_into_files_that_are_opened_afterwards) {
  const uint32_t before = open();
  const fault_rule every_write_fails = {.ops = 1u << static_cast<uint32_t>(io_op::write),
                                        .skip = 0,
                                        .times = UINT32_MAX,
                                        .chance = fault_rule::chance_max,
                                        .os_errno = EIO,
                                        .bytes_most = UINT32_MAX,
                                        .late_start = 0,
                                        .late_end = 0,
                                        .random = 0};
  EXPECT_EQ(files.inject(1, {every_write_fails}), 0u);
  const uint32_t after = open();
  write(before, 1, 0, "x");
  write(after, 2, 0, "x");
  await(2);
  EXPECT_EQ(results[1], 1);
  EXPECT_EQ(results[2], -EIO);
  EXPECT_EQ(files.inject(1, {}), 1u) << "hits of the rules before";
  const uint32_t healthy = open();
  write(healthy, 3, 0, "x");
  await(3);
  EXPECT_EQ(results[3], 1);
}

TEST_P(file_table_test, waits_for_what_is_in_flight_when_the_thread_ends) {
  const uint32_t file = open();
  for (uint32_t number = 0; number < 20; ++number) write(file, number, number * 4096, letters(4096));
  self.act([&](shard&) { files.shut(); });
  EXPECT_EQ(self.live(), 0u);
  EXPECT_TRUE(results.empty()) << "nobody is told any more";
  for (int held = 0; held < 20; ++held) self.loop.let_go();  // the loop of a thread that ends would be closed
}

INSTANTIATE_TEST_SUITE_P(engines, file_table_test,
                         testing::Values(engine_kind::threads, engine_kind::io_uring),
                         [](const auto& engine) {
                           return engine.param == engine_kind::threads ? "threads" : "io_uring";
                         });

}  // namespace
}  // namespace corebuf::test
