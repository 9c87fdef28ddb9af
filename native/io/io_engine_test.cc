// One suite that every engine passes.
#include "io/io_engine.h"

#include <array>
#include <csignal>
#include <ctime>
#include <sys/time.h>
#include <vector>

#include "io/engines_test_support.h"
#include "io/probe_test_support.h"
#include "io/scratch_file_test_support.h"

namespace corebuf::test {
namespace {

class io_engine_test : public engine_suite {
 protected:
  int64_t run(probe& request) { return test::run(engine(), request); }
};

TEST_P(io_engine_test, what_is_written_can_be_read_back) {
  const scratch_file file = scratch_file::make(true);
  block_memory out(2 * block, 'a'), in(2 * block);
  probe write(io_op::write, file.get(), block, {out.all()});
  EXPECT_EQ(run(write), int64_t{2 * block});
  probe read(io_op::read, file.get(), block, {in.all()});
  EXPECT_EQ(run(read), int64_t{2 * block});
  EXPECT_EQ(in.text(in.size()), out.text(out.size()));
}

TEST_P(io_engine_test, vectors_are_moved_in_their_order) {
  const scratch_file file = scratch_file::make(true);
  block_memory first(block, 'a'), second(2 * block, 'b'), in(3 * block);
  probe write(io_op::write, file.get(), 0, {first.all(), second.all()});
  EXPECT_EQ(run(write), int64_t{3 * block});
  probe read(io_op::read, file.get(), 0, {in.vector(block, 2 * block), in.vector(0, block)});
  EXPECT_EQ(run(read), int64_t{3 * block});
  EXPECT_EQ(in.text(in.size()), std::string(block, 'b') + std::string(block, 'a') + std::string(block, 'b'));
}

TEST_P(io_engine_test, a_request_takes_as_many_vectors_as_linux_does) {
  const scratch_file file = scratch_file::make(false);
  block_memory memory(io_vectors_max, 'v');
  std::vector<iovec> parts;
  for (size_t index = 0; index < io_vectors_max; ++index) parts.push_back(memory.vector(index, 1));
  probe write(io_op::write, file.get(), 0, parts);
  EXPECT_EQ(run(write), int64_t{io_vectors_max});
}

TEST_P(io_engine_test, both_kinds_of_sync_succeed) {
  const scratch_file file = scratch_file::make(true);
  block_memory out(block, 'a');
  probe write(io_op::write, file.get(), 0, {out.all()});
  EXPECT_EQ(run(write), int64_t{block});
  probe datasync(io_op::datasync, file.get(), 0), sync(io_op::sync, file.get(), 0);
  EXPECT_EQ(run(datasync), 0);
  EXPECT_EQ(run(sync), 0);
}

TEST_P(io_engine_test, allocating_grows_a_file_and_punching_makes_a_hole_in_it) {
  const scratch_file file = scratch_file::make(true);
  block_memory out(2 * block, 'a'), in(2 * block);
  probe write(io_op::write, file.get(), 0, {out.all()});
  EXPECT_EQ(run(write), int64_t{2 * block});
  probe allocate(io_op::allocate, file.get(), block);
  allocate.length = 9 * block;
  const int64_t allocated = run(allocate);
  if (lacks(allocated)) GTEST_SKIP() << "no blocks are allocated in a binary for " << os_system();
  EXPECT_EQ(allocated, 0);
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_END), off_t{10 * block});
  probe punch(io_op::punch, file.get(), block);
  punch.length = 2 * block;
  EXPECT_EQ(run(punch), 0);
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_END), off_t{10 * block});
  probe read(io_op::read, file.get(), 0, {in.all()});
  EXPECT_EQ(run(read), int64_t{2 * block});
  EXPECT_EQ(in.text(in.size()), std::string(block, 'a') + std::string(block, '\0'));
}

TEST_P(io_engine_test, a_read_past_the_end_gives_zero_bytes) {
  const scratch_file file = scratch_file::make(true);
  block_memory in(block);
  probe read(io_op::read, file.get(), 4 * block, {in.all()});
  EXPECT_EQ(run(read), 0);
}

TEST_P(io_engine_test, nothing_completes_before_flush_and_reap) {
  const scratch_file file = scratch_file::make(true);
  block_memory in(block);
  probe read(io_op::read, file.get(), 0, {in.all()});
  engine().submit(read);
  EXPECT_FALSE(engine().idle());
  EXPECT_EQ(engine().reap(16), 0u);
  EXPECT_FALSE(readable(engine().wake_fd(), 0));
  engine().flush();
  ASSERT_TRUE(readable(engine().wake_fd(), patience_ms));
  EXPECT_EQ(read.completions, 0);
  run_until_idle(engine());
  EXPECT_EQ(read.completions, 1);
}

TEST_P(io_engine_test, errors_come_back_as_negative_errno) {
  const scratch_file file = scratch_file::make(true);
  block_memory memory(2 * block);
  probe no_file(io_op::read, -1, 0, {memory.all()});
  EXPECT_EQ(run(no_file), -EBADF);
  probe no_file_to_sync(io_op::datasync, -1, 0);
  EXPECT_EQ(run(no_file_to_sync), -EBADF);

  const unique_fd read_only(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  probe not_writable(io_op::write, read_only.get(), 0, {memory.all()});
  EXPECT_EQ(run(not_writable), -EBADF);

  // Some file systems, such as tmpfs, accept O_DIRECT with any alignment.
  if (::pwrite(file.get(), memory.data() + 1, block, 0) >= 0) GTEST_SKIP() << "any alignment is good here";
  probe misaligned_offset(io_op::write, file.get(), 100, {memory.vector(0, block)});
  EXPECT_EQ(run(misaligned_offset), -EINVAL);
  probe misaligned_length(io_op::write, file.get(), 0, {memory.vector(0, 100)});
  EXPECT_EQ(run(misaligned_length), -EINVAL);
  probe misaligned_memory(io_op::write, file.get(), 0, {memory.vector(1, block)});
  EXPECT_EQ(run(misaligned_memory), -EINVAL);
}

TEST_P(io_engine_test, a_bad_request_does_not_hold_up_the_good_ones_around_it) {
  const scratch_file file = scratch_file::make(true);
  block_memory out(block, 'a');
  std::vector<std::unique_ptr<probe>> requests;
  const iovec endless{nullptr, SIZE_MAX};  // makes io_uring stop in the middle of a batch
  const int64_t wanted[] = {block, -EBADF, block, -EINVAL};
  for (int index = 0; index < 90; ++index) {
    const int fd = index % 4 == 1 ? -1 : file.get();
    std::vector<iovec> parts{index % 4 == 3 ? endless : out.all()};
    requests.push_back(std::make_unique<probe>(io_op::write, fd, index * block, parts));
    engine().submit(*requests.back());
  }
  run_until_idle(engine());
  for (int index = 0; index < 90; ++index) {
    EXPECT_EQ(requests[index]->completions, 1);
    EXPECT_EQ(requests[index]->result, wanted[index % 4]);
  }
}

TEST_P(io_engine_test, more_than_the_queue_depth_may_be_in_flight) {
  constexpr size_t count = 2000;
  static_assert(count > 4 * uring_queue_depth);
  const scratch_file file = scratch_file::make(true);
  block_memory out(count * block), in(count * block);
  for (size_t at = 0; at < count; ++at) std::memset(out.data() + at * block, static_cast<int>(at), block);

  for (const size_t most : {size_t{1000}, size_t{7}}) {  // 7: nearly every reap stops at its limit
    for (const io_op op : {io_op::write, io_op::read}) {
      block_memory& memory = op == io_op::write ? out : in;
      std::vector<std::unique_ptr<probe>> requests;
      for (size_t index = 0; index < count; ++index) {
        std::vector<iovec> parts{memory.vector(index * block, block)};
        requests.push_back(std::make_unique<probe>(op, file.get(), index * block, parts));
        engine().submit(*requests.back());
      }
      EXPECT_EQ(engine().stats().in_flight, count);
      run_until_idle(engine(), most);
      for (const auto& request : requests) {
        ASSERT_EQ(request->completions, 1);
        ASSERT_EQ(request->result, int64_t{block});
      }
    }
    EXPECT_EQ(std::memcmp(in.data(), out.data(), in.size()), 0);
    std::memset(in.data(), 0, in.size());
  }
}

TEST_P(io_engine_test, one_flush_is_enough_for_more_than_the_queue_depth) {
  constexpr size_t count = 3 * uring_queue_depth;
  const scratch_file file = scratch_file::make(true);
  block_memory out(block, 'a');
  std::vector<std::unique_ptr<probe>> requests;
  for (size_t index = 0; index < count; ++index) {
    const uint64_t offset = index * block;
    requests.push_back(std::make_unique<probe>(io_op::write, file.get(), offset, std::vector{out.all()}));
    engine().submit(*requests.back());
  }
  engine().flush();
  bool woken = true;
  while (woken && !engine().idle()) {
    woken = readable(engine().wake_fd(), patience_ms);
    engine().reap(64);
  }
  EXPECT_TRUE(woken);
  engine().drain();
}

/// A request that submits itself again each time it completes, until it has done so often enough.
struct repeating : io_request {
  io_engine* engine = nullptr;
  int left = 0;
  iovec part{};
};

TEST_P(io_engine_test, completions_may_submit_again) {
  const scratch_file file = scratch_file::make(true);
  block_memory out(block, 'a');
  std::array<repeating, 32> chains;
  for (repeating& request : chains) {
    request.op = io_op::write;
    request.fd = file.get();
    request.engine = &engine();
    request.left = 20;
    request.part = out.all();
    request.vectors = &request.part;
    request.vector_count = 1;
    request.complete = [](io_request& done) {
      repeating& self = static_cast<repeating&>(done);
      EXPECT_EQ(self.result, int64_t{block});
      self.offset += block;
      if (--self.left > 0) self.engine->submit(self);
    };
  }
  for (repeating& request : chains) engine().submit(request);
  run_until_idle(engine());
  for (const repeating& request : chains) EXPECT_EQ(request.left, 0);

  for (repeating& request : chains) request.left = 20, engine().submit(request);
  engine().drain();  // drain() runs them all
  EXPECT_TRUE(engine().idle());
  for (const repeating& request : chains) EXPECT_EQ(request.left, 0);
}

TEST_P(io_engine_test, no_wake_up_is_lost_however_fast_completions_come) {
  std::array<repeating, 6> chains;
  for (repeating& request : chains) {
    request.op = io_op::datasync;  // of no file, so it ends at once
    request.engine = &engine();
    request.left = 5000;
    request.complete = [](io_request& done) {
      repeating& self = static_cast<repeating&>(done);
      if (--self.left == 0) return;
      self.engine->submit(self);
      if (self.left % 2 == 0) self.engine->flush();  // while reap() is running
    };
    engine().submit(request);
  }
  run_until_idle(engine(), 4);
  for (const repeating& request : chains) EXPECT_EQ(request.left, 0);
}

TEST_P(io_engine_test, a_completion_may_free_its_request) {
  const scratch_file file = scratch_file::make(true);
  for (int index = 0; index < 10; ++index) {
    auto* request = new probe(io_op::datasync, file.get(), 0);
    request->complete = [](io_request& done) { delete &static_cast<probe&>(done); };
    engine().submit(*request);
  }
  run_until_idle(engine());
}

TEST_P(io_engine_test, drain_completes_what_is_flushed_and_what_is_not) {
  const scratch_file file = scratch_file::make(true);
  block_memory out(block, 'a');
  std::vector<std::unique_ptr<probe>> requests;
  for (size_t index = 0; index < 600; ++index) {
    const uint64_t offset = index * block;
    requests.push_back(std::make_unique<probe>(io_op::write, file.get(), offset, std::vector{out.all()}));
    engine().submit(*requests.back());
    if (index == 300) engine().flush();
  }
  engine().drain();
  EXPECT_TRUE(engine().idle());
  for (const auto& request : requests) EXPECT_EQ(request->completions, 1);
  engine().drain();  // returns at once when nothing is in flight
}

TEST_P(io_engine_test, drain_survives_signal_handlers) {
  struct sigaction quiet{}, before{};
  quiet.sa_handler = [](int) {};  // without SA_RESTART: system calls return EINTR
  ::sigaction(SIGALRM, &quiet, &before);
  const itimerval often{{0, 200}, {0, 200}}, never{};
  ::setitimer(ITIMER_REAL, &often, nullptr);

  const scratch_file file = scratch_file::make(true);
  block_memory out(block, 'a');
  for (int round = 0; round < 20; ++round) {
    probe write(io_op::write, file.get(), 0, {out.all()}), sync(io_op::sync, file.get(), 0);
    engine().submit(write);
    engine().submit(sync);
    engine().drain();
    EXPECT_EQ(write.result, int64_t{block});
    EXPECT_EQ(sync.result, 0);
  }
  ::setitimer(ITIMER_REAL, &never, nullptr);
  ::sigaction(SIGALRM, &before, nullptr);
}

TEST_P(io_engine_test, the_wake_fd_is_readable_when_work_is_done_and_cleared_by_reap) {
  const scratch_file file = scratch_file::make(true);
  block_memory out(block, 'a');
  EXPECT_FALSE(readable(engine().wake_fd(), 0));
  for (int round = 0; round < 50; ++round) {
    probe write(io_op::write, file.get(), 0, {out.all()});
    engine().submit(write);
    engine().flush();
    ASSERT_TRUE(readable(engine().wake_fd(), patience_ms));
    EXPECT_EQ(engine().reap(16), 1u);
    ASSERT_FALSE(readable(engine().wake_fd(), 0));  // nothing else is in flight
  }
}

TEST_P(io_engine_test, a_reap_that_is_cut_short_leaves_the_wake_fd_readable) {
  const scratch_file file = scratch_file::make(true);
  std::vector<std::unique_ptr<probe>> requests;
  for (int index = 0; index < 10; ++index) {
    requests.push_back(std::make_unique<probe>(io_op::datasync, file.get(), 0));
    engine().submit(*requests.back());
  }
  run_until_idle(engine(), 1);
}

TEST_P(io_engine_test, everything_is_counted) {
  const scratch_file file = scratch_file::make(true);
  block_memory memory(2 * block, 'a');
  probe write(io_op::write, file.get(), 0, {memory.all()}), sync(io_op::datasync, file.get(), 0);
  probe read(io_op::read, file.get(), 0, {memory.vector(0, block)}), bad(io_op::read, -1, 0, {memory.all()});
  engine().submit(write);
  engine().submit(sync);
  EXPECT_EQ(engine().stats().in_flight, 2u);
  EXPECT_EQ(engine().stats().submits, 0u);
  engine().flush();
  engine().flush();  // does nothing, because nothing is new
  EXPECT_EQ(engine().stats().submits, 1u);
  run_until_idle(engine());
  run(read);
  run(bad);

  const io_stats& stats = engine().stats();
  EXPECT_EQ(stats.reads, 2u);
  EXPECT_EQ(stats.writes, 1u);
  EXPECT_EQ(stats.syncs, 1u);
  EXPECT_EQ(stats.bytes_read, block);
  EXPECT_EQ(stats.bytes_written, 2 * block);
  EXPECT_EQ(stats.in_flight, 0u);
  EXPECT_EQ(stats.submits, 3u);
}

INSTANTIATE_TEST_SUITE_P(engines, io_engine_test, all_engines(), name_of_engine);

using io_engine_death_test = io_engine_test;

TEST_P(io_engine_death_test, an_engine_with_work_in_flight_may_not_be_destroyed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        probe sync(io_op::datasync, -1, 0);
        GetParam().make().value()->submit(sync);
      },
      "idle");
}

TEST_P(io_engine_death_test, a_request_without_vectors_is_a_mistake_of_the_program) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  probe empty(io_op::read, 0, 0);
  EXPECT_DEATH(engine().submit(empty), "vector");
}

INSTANTIATE_TEST_SUITE_P(engines, io_engine_death_test, all_engines(), name_of_engine);

}  // namespace
}  // namespace corebuf::test
