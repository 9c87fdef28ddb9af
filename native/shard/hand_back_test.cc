// Threads without a shard give objects back to the shard that owns them.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/fuzz_test_support.h"
#include "memory/shard_heap.h"
#include "shard/host_test_support.h"
#include "shard/mesh.h"
#include "shard/homebound_test_support.h"

namespace corebuf {
namespace {

void ignore(shard& here, message* delivered) { here.dispose(delivered); }

std::vector<homebound*> objects_of(shard_host& host, size_t count) {
  std::vector<homebound*> objects;
  host.act([&](shard& here) {
    for (size_t at = 0; at < count; ++at) objects.push_back(plain_homebound::make(here));
  });
  return objects;
}

size_t live(shard_host& host) {
  return host.act([](shard& here) { return here.heap().live_objects(); });
}

TEST(HandBack, FreesNothingBeforeTheNextTurnOfTheHome) {
  shard_host home(shard_heap::budget_min, plain_homebound::drop, ignore);
  for (homebound* object : objects_of(home, 100)) home->hand_back(object);
  EXPECT_EQ(live(home), 100u);
  home.turn();
  EXPECT_EQ(live(home), 0u);
  EXPECT_EQ(home->counters().returns_received, 100u);
}

TEST(HandBack, WakesASleepingHomeOncePerBurst) {
  shard_host home(shard_heap::budget_min, plain_homebound::drop, ignore);
  const std::vector<homebound*> objects = objects_of(home, 50);
  ASSERT_TRUE(home.act([](shard& here) { return here.prepare_to_sleep(); }));
  for (homebound* object : objects) home->hand_back(object);
  EXPECT_EQ(home.wakes(), 1u);
  EXPECT_FALSE(home.act([](shard& here) { return here.prepare_to_sleep(); }));
  home.turn();
  EXPECT_TRUE(home.act([](shard& here) { return here.prepare_to_sleep(); }));
}

TEST(HandBack, LosesNothingFromManyThreadsWhileTheHomeSleepsInBetween) {
  constexpr size_t threads = 4;
  constexpr size_t each = sanitized ? 5'000 : 50'000;
  shard_host home(64 * MiB, plain_homebound::drop, ignore);
  const std::vector<homebound*> objects = objects_of(home, threads * each);
  std::vector<std::thread> helpers;
  for (size_t helper = 0; helper < threads; ++helper) {
    helpers.emplace_back([&, helper] {
      for (size_t at = 0; at < each; ++at) home->hand_back(objects[helper * each + at]);
    });
  }
  home.turn_until([&] { return home->heap().live_objects() == 0; });
  for (std::thread& helper : helpers) helper.join();
  EXPECT_EQ(home->counters().returns_received, threads * each);
}

TEST(HandBack, FreesAtOnceWhatBelongsToAShardThatIsGone) {
  shard_host home(shard_heap::budget_min, plain_homebound::drop, ignore);
  const std::vector<homebound*> objects = objects_of(home, 3);
  shard& gone = *home;
  home.detach();
  EXPECT_EQ(mesh::get().dead_shards(), 1u);
  std::thread helper([&] {
    for (homebound* object : objects) gone.hand_back(object);
  });
  helper.join();
  EXPECT_EQ(mesh::get().dead_shards(), 0u);
}

}  // namespace
}  // namespace corebuf
