// Writes that are durable when they complete, on every engine.
#include <sys/syscall.h>
#include <unistd.h>

#include "io/engines_test_support.h"
#include "io/probe_test_support.h"

namespace corebuf::test {
namespace {

using durable_write_test = engine_suite;

TEST_P(durable_write_test, a_write_may_be_durable_when_it_completes) {
  const scratch_file file = scratch_file::make(true);
  block_memory out(block, 'd'), in(block);
  probe write(io_op::write, file.get(), block, {out.all()});
  write.dsync = true;
  const int64_t written = run(engine(), write);
  if (lacks(written)) GTEST_SKIP() << "no write is durable by itself in a binary for " << os_system();
  EXPECT_EQ(written, int64_t{block});
  probe read(io_op::read, file.get(), block, {in.all()});
  EXPECT_EQ(run(engine(), read), int64_t{block});
  EXPECT_EQ(in.text(block), out.text(block));
  EXPECT_EQ(engine().stats().writes, 1u);
  EXPECT_EQ(engine().stats().syncs, 0u);
}

/// Pages of the file that are in the page cache and not on the disk; -1 where the kernel cannot tell (before
/// Linux 6.5).
int64_t pages_unwritten(int fd) {
  struct {
    uint64_t offset, length;
  } range{0, 0};
  struct {
    uint64_t cached, dirty, writeback, evicted, recently_evicted;
  } answer{};
  constexpr long cachestat = 451;
  if (::syscall(cachestat, fd, &range, &answer, 0) != 0) return -1;
  return static_cast<int64_t>(answer.dirty + answer.writeback);
}

TEST_P(durable_write_test, a_durable_write_leaves_nothing_unwritten) {
  const scratch_file file = scratch_file::make(false);
  block_memory out(block, 'd');
  probe plain(io_op::write, file.get(), 0, {out.all()}), durable(io_op::write, file.get(), 0, {out.all()});
  EXPECT_EQ(run(engine(), plain), int64_t{block});
  if (pages_unwritten(file.get()) <= 0) GTEST_SKIP() << "what the page cache holds back cannot be seen here";
  durable.dsync = true;
  const int64_t written = run(engine(), durable);
  if (lacks(written)) GTEST_SKIP() << "no write is durable by itself in a binary for " << os_system();
  EXPECT_EQ(written, int64_t{block});
  EXPECT_EQ(pages_unwritten(file.get()), 0);
}

INSTANTIATE_TEST_SUITE_P(engines, durable_write_test, all_engines(), name_of_engine);

using durable_write_death_test = engine_suite;

TEST_P(durable_write_death_test, only_a_write_can_be_durable) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const io_op op : {io_op::read, io_op::datasync, io_op::punch}) {
    iovec nothing{};
    probe mistaken(op, 0, 0, {nothing});
    mistaken.dsync = true;
    EXPECT_DEATH(engine().submit(mistaken), "write");
  }
}

INSTANTIATE_TEST_SUITE_P(engines, durable_write_death_test, all_engines(), name_of_engine);

}  // namespace
}  // namespace corebuf::test
