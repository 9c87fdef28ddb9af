#include "shard/stall_watch.h"

#include <gtest/gtest.h>

#include <memory>

namespace corebuf {

/// A watch without a thread: the test looks, with a clock of its own.
class stall_watch_test : public testing::Test {
 protected:
  static constexpr uint64_t threshold = 500;

  struct shard_under_watch {
    int overdue = 0;
    watched_turn turn{[](void* context) { ++static_cast<shard_under_watch*>(context)->overdue; }, this};
  };

  ~stall_watch_test() override {
    for (const auto& shard : shards_) forget(*shard);
  }

  shard_under_watch& watched(uint64_t threshold_ns = threshold) {
    shards_.push_back(std::make_unique<shard_under_watch>());
    shards_.back()->turn.set_threshold(threshold_ns);
    watch_.turns_.push_back(&shards_.back()->turn);  // not add(), which begins the thread
    return *shards_.back();
  }
  void forget(shard_under_watch& shard) { watch_.remove(shard.turn); }

  bool active(uint64_t now) { return watch_.look(now).active; }
  uint64_t wait(uint64_t now) { return watch_.look(now).wait_ns; }
  void become_calm() {
    for (uint32_t look = 0; look < look_pace::alert_looks; ++look) watch_.pace_.looked();
  }
  void alert() { watch_.alert(); }
  static constexpr uint64_t never = stall_watch::never;

 private:
  stall_watch watch_;
  std::vector<std::unique_ptr<shard_under_watch>> shards_;
};

TEST_F(stall_watch_test, FindsATurnOnceWhileItLasts) {
  shard_under_watch& shard = watched();
  shard.turn.begin(1000);
  EXPECT_EQ(wait(1100), threshold - 100);
  EXPECT_EQ(shard.overdue, 0);
  EXPECT_FALSE(shard.turn.found_overdue());
  active(1600);
  EXPECT_EQ(shard.overdue, 1);
  EXPECT_TRUE(shard.turn.found_overdue());
  active(9000);
  EXPECT_EQ(shard.overdue, 1);
}

TEST_F(stall_watch_test, DoesNotFindTurnsThatEndInTime) {
  shard_under_watch& shard = watched();
  for (uint64_t begun = 1000; begun < 100'000; begun += 450) {
    shard.turn.begin(begun);
    active(begun + 400);
    shard.turn.end();
    active(begun + 420);
  }
  EXPECT_EQ(shard.overdue, 0);
}

TEST_F(stall_watch_test, AnEndedTurnIsNotOverdueAndNeitherIsTheNext) {
  shard_under_watch& shard = watched();
  shard.turn.begin(1000);
  active(2000);
  shard.turn.end();
  EXPECT_FALSE(shard.turn.running());
  EXPECT_FALSE(shard.turn.found_overdue());
  shard.turn.begin(3000);
  EXPECT_FALSE(shard.turn.found_overdue());
  active(3100);
  EXPECT_EQ(shard.overdue, 1);
  active(3600);
  EXPECT_EQ(shard.overdue, 2);
}

TEST_F(stall_watch_test, WaitsForTheOldestTurnAndNoLongerThanTheLowestThreshold) {
  shard_under_watch& patient = watched(100'000);
  shard_under_watch& quick = watched(300);
  EXPECT_EQ(wait(1000), 300u);
  patient.turn.begin(1000);
  EXPECT_EQ(wait(50'000), 300u);
  EXPECT_EQ(wait(100'900), 100u);
  quick.turn.begin(100'850);
  EXPECT_EQ(wait(100'950), 50u);
  active(101'000);
  EXPECT_EQ(patient.overdue, 1);
  EXPECT_EQ(quick.overdue, 0);
}

TEST_F(stall_watch_test, IsQuietOnceNoTurnBeginsAndNoneIsStillToBeFound) {
  shard_under_watch& shard = watched();
  EXPECT_FALSE(active(100));
  shard.turn.begin(1000);
  shard.turn.end();
  EXPECT_TRUE(active(1100));  // it has ended, but there was one
  EXPECT_FALSE(active(1200));
  shard.turn.begin(2000);
  EXPECT_TRUE(active(2100));
  EXPECT_TRUE(active(2200));
  EXPECT_TRUE(active(2600));  // found
  EXPECT_FALSE(active(2700));
}

TEST_F(stall_watch_test, LooksLessOftenOnceItIsCalmAlsoWhileATurnRuns) {
  shard_under_watch& shard = watched();
  become_calm();
  EXPECT_EQ(wait(1000), 8 * threshold);
  shard.turn.begin(2000);
  EXPECT_EQ(wait(2100), 8 * threshold);
  EXPECT_EQ(wait(2100 + 8 * threshold), 8 * threshold);
  EXPECT_EQ(shard.overdue, 1) << "what lasts longer than the wait is found while it lasts";
}

TEST_F(stall_watch_test, IsAlertAgainWhenAStallHasEnded) {
  shard_under_watch& shard = watched();
  become_calm();
  alert();
  EXPECT_EQ(wait(1000), threshold);
  shard.turn.begin(2000);
  EXPECT_EQ(wait(2100), threshold - 100);
  shard.turn.end();
  become_calm();
  EXPECT_EQ(wait(3000), 8 * threshold);
}

TEST_F(stall_watch_test, ACalmWatchWaitsFourMillisecondsAtMostUnlessTheThresholdIsLonger) {
  watched(5'000'000);
  become_calm();
  EXPECT_EQ(wait(1000), 5'000'000u);
  watched(500'000);
  EXPECT_EQ(wait(2000), 4'000'000u);
  watched(100'000);
  EXPECT_EQ(wait(3000), 800'000u);
}

TEST_F(stall_watch_test, KeepsAwayFromTurnsThatWereRemoved) {
  shard_under_watch& shard = watched();
  shard.turn.begin(1000);
  forget(shard);
  EXPECT_EQ(wait(5000), never);
  EXPECT_EQ(shard.overdue, 0);
}

namespace {

/// A thread with turns, as a shard has.
struct host {
  explicit host(stall_watch& watch, uint64_t threshold_us) : watch(watch) {
    turn.set_threshold(threshold_us * 1000);
    watch.add(turn);
  }
  ~host() { watch.remove(turn); }

  void run_turn() {
    watch.begin(turn);
    turn.end();
  }
  /// Begins a turn that ends when the watch has found it.
  void stall() {
    const int before = overdue.load(std::memory_order_relaxed);
    watch.begin(turn);
    while (overdue.load(std::memory_order_relaxed) == before) std::this_thread::yield();
    EXPECT_TRUE(turn.found_overdue());
    turn.end();
  }

  stall_watch& watch;
  std::atomic<int> overdue{0};
  watched_turn turn{
      [](void* context) { static_cast<host*>(context)->overdue.fetch_add(1, std::memory_order_relaxed); },
      this};
};

void wait_until_asleep(const stall_watch& watch) {
  while (!watch.asleep()) std::this_thread::yield();
}

TEST(StallWatch, SleepsWhenNothingRunsAndWakesForATurn) {
  stall_watch watch;
  host shard(watch, 1000);
  for (int round = 0; round < 5; ++round) {
    wait_until_asleep(watch);
    EXPECT_EQ(shard.overdue.load(), round);
    shard.stall();
    EXPECT_EQ(shard.overdue.load(), round + 1);
  }
}

TEST(StallWatch, NoBeginningIsLostWhileItGoesToSleep) {
  stall_watch watch;
  host shard(watch, 50);
  for (int round = 0; round < 200; ++round) {
    if (round % 3 == 0) wait_until_asleep(watch);
    for (int turn = 0; turn < round; ++turn) shard.run_turn();
    shard.stall();
  }
}

TEST(StallWatch, ShardsComeAndGoWhileOthersStall) {
  stall_watch watch;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&watch] {
      for (int round = 0; round < 50; ++round) {
        host shard(watch, 100);
        shard.run_turn();
        shard.stall();
        shard.watch.begin(shard.turn);  // the shard is removed in the middle of a turn
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  wait_until_asleep(watch);
}

TEST(StallWatch, HearsOfALowerThreshold) {
  stall_watch watch;
  host shard(watch, 3'600'000'000);
  watch.begin(shard.turn);
  shard.turn.set_threshold(1000);
  watch.rouse();
  while (!shard.turn.found_overdue()) std::this_thread::yield();
  shard.turn.end();
}

}  // namespace

}  // namespace corebuf
