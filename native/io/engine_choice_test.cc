#include "io/engine_choice.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace corebuf::test {
namespace {

/// Sets COREBUF_ENGINE to `value` until the end of the block, then restores it.
class environment {
 public:
  explicit environment(const char* value) {
    const char* before = std::getenv(name);
    had_ = before != nullptr;
    if (had_) before_ = before;
    set(value);
  }
  ~environment() { set(had_ ? before_.c_str() : nullptr); }

 private:
  static constexpr const char* name = "COREBUF_ENGINE";
  static void set(const char* value) { value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1); }
  bool had_ = false;
  std::string before_;
};

TEST(engine_choice, automatic_is_io_uring_unless_the_machine_refuses_it) {
  const environment unset(nullptr);
  const auto engine = open_engine(engine_kind::automatic);
  ASSERT_TRUE(engine.ok());
  EXPECT_STREQ(engine.value()->name(), uring_refusal() == nullptr ? "io_uring" : "threads");
}

TEST(engine_choice, descriptors_that_are_short_for_a_moment_decide_nothing) {
  if (uring_refusal() != nullptr) GTEST_SKIP() << uring_refusal();
  const environment unset(nullptr);
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto engine = open_engine(engine_kind::automatic);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.failure().os_errno, EMFILE);
}

TEST(engine_choice, the_environment_decides_what_the_program_left_open) {
  const environment threads("threads");
  EXPECT_STREQ(open_engine(engine_kind::automatic).value()->name(), "threads");
  if (uring_refusal() == nullptr) {
    EXPECT_STREQ(open_engine(engine_kind::io_uring).value()->name(), "io_uring");
  }
}

TEST(engine_choice, the_environment_gets_what_it_names_or_an_error) {
  const environment uring("io_uring");
  const auto engine = open_engine(engine_kind::automatic);
  EXPECT_EQ(engine.ok(), uring_refusal() == nullptr);
  EXPECT_STREQ(open_engine(engine_kind::threads).value()->name(), "threads");
}

TEST(engine_choice, a_typing_error_in_the_environment_is_an_error) {
  const environment wrong("iouring");
  const auto engine = open_engine(engine_kind::automatic);
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.failure().os_errno, EINVAL);
}

TEST(engine_choice, words_for_engines) {
  EXPECT_EQ(engine_kind_of(nullptr).value(), engine_kind::automatic);
  EXPECT_EQ(engine_kind_of("").value(), engine_kind::automatic);
  EXPECT_EQ(engine_kind_of("automatic").value(), engine_kind::automatic);
  EXPECT_EQ(engine_kind_of("io_uring").value(), engine_kind::io_uring);
  EXPECT_EQ(engine_kind_of("threads").value(), engine_kind::threads);
  EXPECT_FALSE(engine_kind_of("Threads").ok());
}

TEST(engine_choice, a_refusal_begins_with_the_name_of_its_errno) {
  EXPECT_EQ(describe_uring_refusal(0), nullptr);
  EXPECT_EQ(std::string(describe_uring_refusal(ENOSYS)).substr(0, 7), "ENOSYS:");
  EXPECT_EQ(std::string(describe_uring_refusal(EPERM)).substr(0, 6), "EPERM:");
}

}  // namespace
}  // namespace corebuf::test
