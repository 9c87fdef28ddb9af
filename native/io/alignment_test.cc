#include "io/alignment.h"

#include <sys/stat.h>

#include "io/file_status.h"
#include "io/scratch_file_test_support.h"

namespace corebuf::test {
namespace {

TEST(alignment, a_file_has_alignments_that_are_powers_of_two_and_a_source) {
  const scratch_file file = scratch_file::make(true);
  const io_alignment alignment = probe_alignment(file.get());
  EXPECT_TRUE(is_power_of_two(alignment.memory));
  EXPECT_TRUE(is_power_of_two(alignment.offset));
  const std::string source = alignment.source;
  EXPECT_TRUE(source == "statx" || source == "block device" || source == "default") << source;
  RecordProperty("source", source);
}

TEST(alignment, the_file_system_is_believed_before_the_device) {
  const scratch_file file = scratch_file::make(true);
  const file_status status = status_of(file.get()).value();
  if (!status.direct_known || status.direct_memory == 0) GTEST_SKIP() << "no STATX_DIOALIGN here";
  const io_alignment alignment = probe_alignment(file.get());
  EXPECT_STREQ(alignment.source, "statx");
  EXPECT_EQ(alignment.memory, status.direct_memory);
  EXPECT_EQ(alignment.offset, status.direct_offset);
}

TEST(alignment, what_is_answered_is_enough_for_a_direct_write) {
  const scratch_file file = scratch_file::make(true);
  if (!file.direct) GTEST_SKIP() << "no O_DIRECT here";
  const io_alignment alignment = probe_alignment(file.get());
  block_memory memory(2 * block + alignment.offset, 'a');
  const ssize_t length = alignment.offset;
  EXPECT_EQ(::pwrite(file.get(), memory.data() + alignment.memory, length, alignment.offset), length);
}

TEST(alignment, a_descriptor_that_is_not_open_gets_the_default) {
  const io_alignment alignment = probe_alignment(-1);
  EXPECT_EQ(alignment.memory, alignment_default);
  EXPECT_EQ(alignment.offset, alignment_default);
  EXPECT_STREQ(alignment.source, "default");
}

TEST(alignment, a_pipe_has_no_block_device_and_gets_the_default) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const unique_fd reader(ends[0]), writer(ends[1]);
  EXPECT_STREQ(probe_alignment(reader.get()).source, "default");
  EXPECT_FALSE(accepts_direct(reader.get()));
}

TEST(alignment, only_a_file_opened_for_it_accepts_direct) {
  const scratch_file buffered = scratch_file::make(false);
  EXPECT_FALSE(accepts_direct(buffered.get()));
  EXPECT_FALSE(accepts_direct(-1));
  const scratch_file direct = scratch_file::make(true);
  const int flags = ::fcntl(direct.get(), F_GETFL);
  if ((flags & direct_open_flag) != 0) {
    EXPECT_TRUE(accepts_direct(direct.get()));
  }
}

TEST(file_status, agrees_with_stat) {
  const scratch_file file = scratch_file::make(false);
  ASSERT_EQ(::ftruncate(file.get(), 12345), 0);
  const result<file_status> status = status_of(file.get());
  ASSERT_TRUE(status.ok());
  struct stat wanted;
  ASSERT_EQ(::fstat(file.get(), &wanted), 0);
  EXPECT_EQ(status.value().mode, wanted.st_mode);
  EXPECT_EQ(status.value().size, 12345u);
}

TEST(file_status, says_which_errno_refused) {
  const result<file_status> status = status_of(-1);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().os_errno, EBADF);
}

TEST(unique_fd, closes_once_and_moves) {
  int raw;
  {
    unique_fd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    raw = first.get();
    unique_fd second(std::move(first));
    EXPECT_FALSE(first.valid());
    EXPECT_EQ(second.get(), raw);
    first = std::move(second);
    EXPECT_EQ(first.get(), raw);
  }
  EXPECT_EQ(::fcntl(raw, F_GETFD), -1);
  unique_fd kept(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const unique_fd owner(kept.release());
  EXPECT_FALSE(kept.valid());
  EXPECT_TRUE(owner.valid());
}

}  // namespace
}  // namespace corebuf::test
