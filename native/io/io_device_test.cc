#include "io/io_device.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace corebuf {
namespace {

constexpr uint64_t start_us = 1'000'000'000;

TEST(io_device, of_a_number_is_always_the_same) {
  io_device& one = io_device::of(254, 1);
  EXPECT_EQ(&io_device::of(254, 1), &one);
  EXPECT_NE(&io_device::of(254, 2), &one);
  EXPECT_NE(&io_device::of(1, 254), &one);
  for (uint32_t minor = 0; minor < 2 * io_devices_max; ++minor) io_device::of(7, minor);
  EXPECT_EQ(&io_device::of(254, 1), &one);
}

TEST(io_device, remembers_its_guard_for_a_while) {
  io_device disk;
  EXPECT_EQ(disk.guarded_shares(start_us), 0u);
  disk.guard(100, start_us);
  EXPECT_EQ(disk.guarded_shares(start_us + io_guard_us - 1), 100u);
  EXPECT_EQ(disk.guarded_shares(start_us + io_guard_us), 0u);
}

TEST(io_device, has_the_guard_with_the_most_shares) {
  io_device disk;
  disk.guard(100, start_us);
  disk.guard(1000, start_us);
  disk.guard(100, start_us + 1000);
  EXPECT_EQ(disk.guarded_shares(start_us + 1000), 1000u);
  disk.guard(100, start_us + io_guard_us);
  EXPECT_EQ(disk.guarded_shares(start_us + io_guard_us), 100u);
}

TEST(io_device, takes_room_away_while_the_goal_is_missed_and_leaves_the_least) {
  io_device disk;
  disk.enter();
  uint64_t now_us = start_us;
  for (uint64_t before = disk.limit() + 1; disk.limit() < before; now_us += io_adjust_us) {
    before = disk.limit();
    disk.judge(false, now_us);
  }
  EXPECT_EQ(disk.limit(), io_lower_min);
  EXPECT_TRUE(disk.at_least());
  disk.leave();
}

TEST(io_device, gives_room_only_to_work_that_waits_for_it) {
  io_device disk;
  disk.enter();
  disk.judge(true, start_us);
  EXPECT_EQ(disk.limit(), io_lower_start);
  uint64_t now_us = start_us;
  for (int window = 0; window < 100; ++window, now_us += io_adjust_us) {
    disk.press(now_us);
    disk.judge(true, now_us);
  }
  EXPECT_EQ(disk.limit(), io_lower_max);
  disk.leave();
}

TEST(io_device, does_not_blame_lower_work_that_is_not_there) {
  io_device disk;
  disk.judge(false, start_us);
  EXPECT_EQ(disk.limit(), io_lower_start);
}

TEST(io_device, changes_once_in_a_window_however_many_shards_judge) {
  io_device disk;
  disk.enter();
  for (int shard = 0; shard < 16; ++shard) disk.judge(false, start_us + 10);
  EXPECT_EQ(disk.limit(), io_lower_start * 3 / 4);
  disk.press(start_us + 20);
  disk.judge(true, start_us + 20);  // Another shard has just missed its goal.
  EXPECT_EQ(disk.limit(), io_lower_start * 3 / 4);
  disk.leave();
}

TEST(io_device, divides_its_room_among_the_shards_with_lower_work) {
  io_device disk;
  EXPECT_EQ(disk.room(), io_lower_start);
  for (int shard = 0; shard < 4; ++shard) disk.enter();
  EXPECT_EQ(disk.room(), io_lower_start / 4);
  for (int shard = 0; shard < 3; ++shard) disk.leave();
  EXPECT_EQ(disk.room(), io_lower_start);
  disk.leave();
}

TEST(io_device, is_used_by_many_threads_at_once) {
  io_device disk;
  std::atomic<uint64_t> clock{start_us};
  std::vector<std::thread> shards;
  for (uint32_t shard = 1; shard <= 4; ++shard) {
    shards.emplace_back([&, shard] {
      for (int turn = 0; turn < 20'000; ++turn) {
        const uint64_t now_us = clock.fetch_add(100, std::memory_order_relaxed);
        disk.enter();
        disk.guard(shard * 100, now_us);
        disk.press(now_us);
        disk.judge(turn % 3 != 0, now_us);
        EXPECT_GE(disk.limit(), io_lower_min);
        EXPECT_LE(disk.limit(), io_lower_max);
        EXPECT_LE(disk.guarded_shares(now_us), 400u);
        disk.leave();
      }
    });
  }
  for (std::thread& shard : shards) shard.join();
  EXPECT_EQ(disk.room(), disk.limit());
}

}  // namespace
}  // namespace corebuf
