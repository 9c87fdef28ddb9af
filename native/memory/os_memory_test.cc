#include "memory/os_memory.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/bytes.h"

namespace corebuf {
namespace {

constexpr int policy_default = 0, policy_preferred = 1, flag_address = 2;  // linux/mempolicy.h

int policy_at(void* address) {
  int policy = -1;
  return syscall(SYS_get_mempolicy, &policy, nullptr, 0, address, flag_address) == 0 ? policy : -errno;
}

TEST(OsMemory, PrefersANodeForWhatIsTouchedLater) {
  constexpr size_t size = 4 * MiB;
  void* memory = os_memory::reserve(size, MiB).value();
  if (policy_at(memory) != policy_default) GTEST_SKIP() << "the system does not tell of memory policies here";
  if (!os_memory::prefer_node(memory, size, 0)) GTEST_SKIP() << "the system refuses memory policies here";
  EXPECT_EQ(policy_at(memory), policy_preferred);
  EXPECT_TRUE(os_memory::commit(memory, size));
  EXPECT_EQ(policy_at(memory), policy_preferred);
  EXPECT_TRUE(os_memory::prefer_node(memory, size, os_memory::any_node));
  EXPECT_EQ(policy_at(memory), policy_default);
  EXPECT_FALSE(os_memory::prefer_node(memory, size, 1 << 20));
}

}  // namespace
}  // namespace corebuf
