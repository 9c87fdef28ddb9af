#include "base/background_thread.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace corebuf {
namespace {

TEST(BackgroundThread, RunsWithAllSignalsBlocked) {
  sigset_t blocked;
  ::sigemptyset(&blocked);
  background_thread thread;
  EXPECT_FALSE(thread.started());
  const auto run = [](void* seen) { ::sigprocmask(SIG_BLOCK, nullptr, static_cast<sigset_t*>(seen)); };
  ASSERT_TRUE(thread.start(run, &blocked));
  EXPECT_TRUE(thread.started());
  thread.join();
  EXPECT_EQ(::sigismember(&blocked, SIGTERM), 1);
  sigset_t here;
  ::sigprocmask(SIG_BLOCK, nullptr, &here);
  EXPECT_EQ(::sigismember(&here, SIGTERM), 0);
}

/// Run in a process without address space for a stack, which fails whatever limit of processes the user has.
TEST(BackgroundThread, SaysThatThereIsNone) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer needs the address space";
#endif
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit none = {0, 0};
    ::setrlimit(RLIMIT_AS, &none);
    background_thread thread;
    const bool started = thread.start([](void*) {}, nullptr);
    ::_exit(started ? 1 : thread.started() ? 2 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace corebuf
