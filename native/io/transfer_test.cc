#include "io/transfer.h"

#include <cstdio>
#include <random>
#include <vector>

#include "io/engines_test_support.h"
#include "io/fault_engine.h"
#include "io/scratch_file_test_support.h"

namespace corebuf::test {
namespace {

/// A transfer with storage for its vectors, which counts how often it completed.
struct whole : transfer {
  whole(io_op asked, int file, uint64_t at, size_t aligned_to, std::vector<iovec> bytes)
      : parts(std::move(bytes)) {
    op = asked;
    fd = file;
    offset = at;
    alignment = aligned_to;
    vectors = parts;
    complete = [](transfer& done) { ++static_cast<whole&>(done).completions; };
  }
  std::vector<iovec> parts;
  int completions = 0;
};

int64_t run(io_engine& engine, whole& wanted) {
  wanted.start(engine);
  run_until_idle(engine);
  EXPECT_EQ(wanted.completions, 1);
  return wanted.result;
}

/// An engine that moves nothing, answers from a script, and records its requests.
class scripted_engine final : public io_engine {
 public:
  struct step {
    uint64_t offset;
    size_t bytes;
    uint32_t vectors;
    void* first;
  };
  using script = std::function<int64_t(const step&)>;

  explicit scripted_engine(script answer) : answer_(std::move(answer)) {}

  void submit(io_request& request) override {
    accept(request);
    pending_.push_back(&request);
  }
  void flush() override {}
  size_t reap(size_t) override { return 0; }
  void drain() override {
    while (io_request* request = pending_.pop_front()) {
      void* const first = request->vectors[0].iov_base;
      steps.push_back({request->offset, bytes_asked(*request), request->vector_count, first});
      finish(*request, answer_(steps.back()));
    }
  }
  int wake_fd() const override { return -1; }
  void wake() override {}
  const char* name() const override { return "scripted"; }

  std::vector<step> steps;

 private:
  intrusive_list<io_request> pending_;
  script answer_;
};

int64_t run(scripted_engine& engine, whole& wanted) {
  wanted.start(engine);
  EXPECT_EQ(wanted.completions, 0) << "complete() must not be called from start()";
  engine.drain();
  EXPECT_EQ(wanted.completions, 1);
  return wanted.result;
}

void* address(uintptr_t at) { return reinterpret_cast<void*>(at); }

TEST(transfer, a_short_direct_write_resumes_at_an_aligned_position) {
  scripted_engine engine([first = true](const auto& step) mutable {
    return std::exchange(first, false) ? int64_t{1000} : static_cast<int64_t>(step.bytes);
  });
  whole write(io_op::write, 3, 8192, 512, {{address(0x10000), 600}, {address(0x20000), 1448}});
  EXPECT_EQ(run(engine, write), 2048);
  ASSERT_EQ(engine.steps.size(), 2u);
  EXPECT_EQ(engine.steps[1].offset, 8192u + 512);
  EXPECT_EQ(engine.steps[1].bytes, 2048u - 512);
  EXPECT_EQ(engine.steps[1].first, address(0x10000 + 512));  // back in the first vector
}

TEST(transfer, a_short_buffered_write_resumes_where_it_stopped) {
  scripted_engine engine([first = true](const auto& step) mutable {
    return std::exchange(first, false) ? int64_t{1001} : static_cast<int64_t>(step.bytes);
  });
  whole write(io_op::write, 3, 7, 1, {{address(0x10000), 600}, {address(0x20000), 1400}});
  EXPECT_EQ(run(engine, write), 2000);
  EXPECT_EQ(engine.steps[1].offset, 7u + 1001);
  EXPECT_EQ(engine.steps[1].first, address(0x20000 + 401));
}

TEST(transfer, no_request_is_greater_than_the_kernel_takes) {
  constexpr size_t total = 3 * GiB + 4096;
  scripted_engine engine([](const auto& step) { return static_cast<int64_t>(step.bytes); });
  whole write(io_op::write, 3, 0, 4096, {{address(0x1000), total - 4096}, {address(0x1000), 4096}});
  EXPECT_EQ(run(engine, write), int64_t{total});
  uint64_t at = 0;
  for (const auto& step : engine.steps) {
    EXPECT_EQ(step.offset, at);
    EXPECT_LE(step.bytes, transfer_step_max);
    at += step.bytes;
  }
  EXPECT_EQ(at, total);
}

TEST(transfer, no_request_has_more_vectors_than_the_kernel_takes) {
  scripted_engine engine([](const auto& step) { return static_cast<int64_t>(step.bytes); });
  whole write(io_op::write, 3, 0, 1, std::vector<iovec>(3000, iovec{address(0x1000), 3}));
  EXPECT_EQ(run(engine, write), 9000);
  ASSERT_EQ(engine.steps.size(), 3u);
  EXPECT_EQ(engine.steps[0].vectors, io_vectors_max);
  EXPECT_EQ(engine.steps[2].offset, uint64_t{2 * 3 * io_vectors_max});
}

TEST(transfer, a_split_is_aligned_though_the_vectors_are_not) {
  scripted_engine engine([](const auto& step) { return static_cast<int64_t>(step.bytes); });
  whole write(io_op::write, 3, 0, 4096, std::vector<iovec>(4096, iovec{address(0x1000), 5}));  // 5 blocks
  EXPECT_EQ(run(engine, write), 20480);
  for (const auto& step : engine.steps) {
    EXPECT_TRUE(is_aligned(step.offset, 4096));
    EXPECT_TRUE(is_aligned(step.bytes, 4096)) << step.bytes;  // although 1024 vectors are 5120 bytes
    EXPECT_LE(step.vectors, io_vectors_max);
  }
}

TEST(transfer, vectors_too_small_for_one_block_are_left_for_the_kernel_to_refuse) {
  scripted_engine engine([](const auto& step) {
    return is_aligned(step.bytes, 4096) ? static_cast<int64_t>(step.bytes) : int64_t{-EINVAL};
  });
  whole write(io_op::write, 3, 0, 4096, std::vector<iovec>(4096, iovec{address(0x1000), 1}));
  EXPECT_EQ(run(engine, write), -EINVAL);

  scripted_engine careless([](const auto& step) { return static_cast<int64_t>(step.bytes); });
  whole stuck(io_op::write, 3, 0, 4096, std::vector<iovec>(4096, iovec{address(0x1000), 1}));
  EXPECT_EQ(run(careless, stuck), -EIO);
}

TEST(transfer, empty_vectors_are_passed_over) {
  scripted_engine engine([](const auto& step) { return static_cast<int64_t>(step.bytes); });
  std::vector<iovec> parts(1500, iovec{nullptr, 0});
  parts.push_back({address(0x1000), 10});
  parts.insert(parts.end(), 1500, iovec{nullptr, 0});
  parts.push_back({address(0x2000), 20});
  parts.push_back({nullptr, 0});
  whole write(io_op::write, 3, 0, 1, parts);
  EXPECT_EQ(run(engine, write), 30);
}

TEST(transfer, a_refusal_that_passes_is_tried_again_but_not_for_ever) {
  for (const int refusal : {EINTR, EAGAIN}) {
    uint32_t refusals = 0;
    scripted_engine patient([&](const auto& step) -> int64_t {
      return ++refusals < transfer_stalls_max ? -refusal : static_cast<int64_t>(step.bytes);
    });
    whole lucky(io_op::write, 3, 0, 1, {{address(0x1000), 10}});
    EXPECT_EQ(run(patient, lucky), 10);

    scripted_engine stubborn([&](const auto&) { return int64_t{-refusal}; });
    whole unlucky(io_op::write, 3, 0, 1, {{address(0x1000), 10}});
    EXPECT_EQ(run(stubborn, unlucky), -refusal);
    EXPECT_EQ(stubborn.steps.size(), transfer_stalls_max);
  }
}

TEST(transfer, a_write_that_never_moves_a_block_ends_in_eio) {
  scripted_engine engine([](const auto&) { return int64_t{100}; });
  whole write(io_op::write, 3, 0, 512, {{address(0x1000), 1024}});
  EXPECT_EQ(run(engine, write), -EIO);
  EXPECT_LE(engine.steps.size(), transfer_stalls_max + 1);
}

TEST(transfer, slow_progress_is_progress) {
  scripted_engine engine([](const auto&) { return int64_t{1}; });
  whole write(io_op::write, 3, 0, 1, {{address(0x1000), 500}});
  EXPECT_EQ(run(engine, write), 500);
  EXPECT_EQ(engine.steps.size(), 500u);
}

TEST(transfer, refusals_between_which_bytes_move_are_not_counted_together) {
  scripted_engine engine([refuse = false](const auto&) mutable {
    refuse = !refuse;
    return int64_t{refuse ? -EINTR : 1};
  });
  whole write(io_op::write, 3, 0, 1, {{address(0x1000), 3 * transfer_stalls_max}});
  EXPECT_EQ(run(engine, write), int64_t{3 * transfer_stalls_max});
}

TEST(transfer, an_error_after_some_progress_is_the_result) {
  scripted_engine engine([first = true](const auto&) mutable {
    return std::exchange(first, false) ? int64_t{512} : int64_t{-ENOSPC};
  });
  whole write(io_op::write, 3, 0, 512, {{address(0x1000), 1024}});
  EXPECT_EQ(run(engine, write), -ENOSPC);
}

class transfer_test : public engine_suite {};

TEST_P(transfer_test, reads_end_at_the_end_of_the_file) {
  const scratch_file file = scratch_file::make(true);
  const size_t alignment = file.direct ? probe_alignment(file.get()).offset : 1;
  block_memory out(2 * block, 'a'), in(8 * block, 'z');
  whole write(io_op::write, file.get(), 0, alignment, {out.all()});
  ASSERT_EQ(run(engine(), write), int64_t{2 * block});
  for (const size_t size : {size_t{5000}, size_t{4096}, size_t{100}, size_t{0}}) {
    ASSERT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
    whole read(io_op::read, file.get(), 0, alignment, {in.vector(0, block), in.vector(block, 7 * block)});
    EXPECT_EQ(run(engine(), read), static_cast<int64_t>(size));
    EXPECT_EQ(in.text(size), std::string(size, 'a'));
    whole beyond(io_op::read, file.get(), 4 * block, alignment, {in.all()});
    EXPECT_EQ(run(engine(), beyond), 0);
  }
}

TEST_P(transfer_test, nothing_asked_still_tells_a_bad_descriptor) {
  const scratch_file file = scratch_file::make(false);
  for (const io_op op : {io_op::read, io_op::write}) {
    whole good(op, file.get(), 0, 1, {});
    EXPECT_EQ(run(engine(), good), 0);
    whole bad(op, -1, 0, 1, {});
    EXPECT_EQ(run(engine(), bad), -EBADF);
  }
}

TEST_P(transfer_test, an_error_of_the_disk_is_the_result) {
  const scratch_file file = scratch_file::make(true);
  const auto faulty = fault_engine::open(engine(), [](const io_request&) { return io_fault::error(EIO); });
  ASSERT_TRUE(faulty.ok());
  block_memory out(block, 'a');
  whole write(io_op::write, file.get(), 0, 512, {out.all()});
  EXPECT_EQ(run(*faulty.value(), write), -EIO);
}

/// Random lengths cut into random vectors, with random faults, against a plain copy of the file.
void random_rounds(io_engine& real, bool direct, uint32_t seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << (direct ? ", direct" : ", buffered"));
  std::mt19937 random(seed);
  const auto below = [&](size_t limit) { return static_cast<size_t>(random() % limit); };
  const scratch_file file = scratch_file::make(direct);
  const size_t alignment = file.direct ? probe_alignment(file.get()).offset : 1;
  constexpr size_t size_max = 64 * block;
  std::string model;

  const auto faulty = fault_engine::open(real, [&](const io_request& request) {
    switch (below(8)) {
      case 0: return io_fault::error(EINTR);
      case 1: return io_fault::error(EAGAIN);
      case 2:
      case 3:
      case 4:
        // A read of 0 bytes would mean that the file has ended.
        return io_fault::short_after((request.op == io_op::read ? 1 : 0) + below(bytes_asked(request)));
      default:
        return io_fault{.late_start = static_cast<uint32_t>(below(3)),
                        .late_end = static_cast<uint32_t>(below(3))};
    }
  });
  ASSERT_TRUE(faulty.ok());

  for (int round = 0; round < 40; ++round) {
    const size_t offset = align_down(below(size_max), alignment);
    const size_t length = align_up(1 + below(size_max), alignment);
    const bool writes = round % 2 == 0;
    block_memory memory(length);
    for (size_t at = 0; writes && at < length; ++at) memory.data()[at] = static_cast<char>(random());

    std::vector<iovec> parts;
    for (size_t at = 0; at < length;) {
      const size_t part = std::min(length - at, align_up(1 + below(4 * block), alignment));
      parts.push_back(memory.vector(at, part));
      at += part;
    }
    whole moved(writes ? io_op::write : io_op::read, file.get(), offset, alignment, parts);
    const int64_t result = run(*faulty.value(), moved);
    if (writes) {
      ASSERT_EQ(result, static_cast<int64_t>(length));
      if (model.size() < offset + length) model.resize(offset + length);
      model.replace(offset, length, memory.text(length));
      if (below(4) == 0) {  // sometimes the file ends inside a block
        model.resize(model.size() - below(std::min(model.size(), block)));
        ASSERT_EQ(::ftruncate(file.get(), static_cast<off_t>(model.size())), 0);
      }
    } else {
      const std::string wanted = offset < model.size() ? model.substr(offset, length) : "";
      ASSERT_EQ(result, static_cast<int64_t>(wanted.size()));
      ASSERT_TRUE(memory.text(wanted.size()) == wanted);  // EXPECT_EQ would print them
    }
  }
}

TEST_P(transfer_test, every_byte_arrives_whatever_the_faults) {
  const uint32_t first = std::random_device{}();
  std::printf("[ SEED     ] %u\n", first);
  for (uint32_t seed = first; seed != first + 10; ++seed) {
    random_rounds(engine(), true, seed);
    random_rounds(engine(), false, seed);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(engines, transfer_test, all_engines(), name_of_engine);

}  // namespace
}  // namespace corebuf::test
