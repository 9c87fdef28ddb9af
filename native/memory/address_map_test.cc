#include "memory/address_map.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <cstring>

#include "base/fuzz_test_support.h"
#include "memory/os_memory.h"
#include "memory/shard_heap.h"

namespace corebuf {
namespace {

TEST(AddressMap, KnowsTheOwnerOfEveryByteOfItsArenasAndOfNoOther) {
  const address_map& map = *address_map::get().value();
  map.invariant();
  for (size_t number = 0; number < shards_max; ++number) {
    const auto id = static_cast<shard_id>(number);
    ASSERT_EQ(map.owner(map.arena(id)), id);
    ASSERT_EQ(map.owner(map.arena(id) + map.arena_size() - 1), id);
  }
  int on_the_stack = 0;
  EXPECT_EQ(map.owner(&on_the_stack), no_shard);
  EXPECT_EQ(map.owner(nullptr), no_shard);
}

TEST(AddressMap, IsTheSameForEveryCaller) {
  EXPECT_EQ(address_map::get().value(), address_map::get().value());
}

/// Runs in a process of its own whose address space is small. Exits with the log2 of the arena size that it
/// got, or 1 when it got none.
void exit_with_arena_shift(size_t address_space) {
  const rlimit limit{address_space, address_space};
  if (setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(100);
  const auto map = address_map::get();
  if (!map) std::_Exit(map.failure().code == error_code::out_of_memory ? 1 : 101);
  map.value()->invariant();

  const shard_id id = shards_max - 1;
  const acting_as home(id);
  const auto heap = shard_heap::create(id, {.budget = 4 * MiB});
  if (!heap) std::_Exit(102);
  void* memory = heap.value()->allocate(100 * KiB);
  if (memory == nullptr || owner(memory) != id) std::_Exit(103);
  std::memset(memory, 1, 100 * KiB);
  heap.value()->free(memory);
  shard_heap::destroy(heap.value());
  std::_Exit(static_cast<int>(log2_floor(map.value()->arena_size())));
}

class AddressMapDeathTest : public testing::Test {
 protected:
  void SetUp() override {
    if (sanitized) GTEST_SKIP() << "a sanitizer's shadow does not fit into a limited address space";
    // A new process, because the map of this one is reserved already.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }
};

TEST_F(AddressMapDeathTest, HalvesItsArenasUntilTheyFit) {
  // All arenas together are 32 GiB; 64 GiB would leave nothing for the program.
  EXPECT_EXIT(exit_with_arena_shift(64 * GiB), testing::ExitedWithCode(27), "");
  EXPECT_EXIT(exit_with_arena_shift(6 * GiB), testing::ExitedWithCode(24), "");
}

TEST_F(AddressMapDeathTest, IsOutOfMemoryWhenNotEvenTheSmallestFits) {
  EXPECT_EXIT(exit_with_arena_shift(2 * GiB), testing::ExitedWithCode(1), "");
}

TEST(OsMemory, KnowsHowMuchThisProcessMayUse) {
  EXPECT_GT(os_memory::limit(), 16 * MiB);
  EXPECT_LT(os_memory::limit(), size_t{1} << 50);
}

}  // namespace
}  // namespace corebuf
