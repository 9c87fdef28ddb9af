#include "shard/shard.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/fuzz_test_support.h"
#include "shard/host_test_support.h"
#include "shard/homebound_test_support.h"

namespace corebuf {
namespace {

constexpr size_t budget = 64 * MiB;

/// Records the messages that a shard received, in order, and answers requests.
struct log {
  std::vector<uint32_t> requests;
  std::vector<uint32_t> replies;
  std::vector<message_status> statuses;

  static void receive(shard& here, message* delivered) {
    log& self = shard_host::of<log>(here);
    if (delivered->kind == message_kind::request) {
      self.requests.push_back(delivered->number);
      return answer(here, delivered);
    }
    self.replies.push_back(delivered->number);
    self.statuses.push_back(delivered->status);
    here.dispose(delivered);
  }
};

struct logging_host : log, shard_host {
  logging_host() : shard_host(budget, plain_homebound::drop, log::receive, static_cast<log*>(this)) {}
};

void send(logging_host& from, shard_ref to, uint32_t first, uint32_t count) {
  from.act([&](shard& here) {
    for (uint32_t number = first; number < first + count; ++number) here.post(make_request(here, to, number));
  });
}

void expect_in_order(const std::vector<uint32_t>& numbers, uint32_t count) {
  ASSERT_EQ(numbers.size(), count);
  for (uint32_t at = 0; at < count; ++at) ASSERT_EQ(numbers[at], at);
}

TEST(Shard, KeepsTheOrderOfMessagesAndAnswers) {
  logging_host one, two;
  send(one, two->ref(), 0, 10);
  one.turn();
  two.turn();
  one.turn();
  expect_in_order(two.requests, 10);
  expect_in_order(one.replies, 10);
  EXPECT_EQ(one->sent_to(two->id()), 10u);
  EXPECT_EQ(one->received_from(two->id()), 10u);
  EXPECT_EQ(one->heap().live_objects(), 0u);
}

TEST(Shard, KeepsTheOrderOfMessagesThatWaitForRoomInTheLane) {
  constexpr uint32_t count = 5 * lane_slots + 1;
  logging_host one, two;
  send(one, two->ref(), 0, lane_slots + 1);
  one.turn();
  EXPECT_EQ(one->waiting_for(two->id()), 1u);
  send(one, two->ref(), lane_slots + 1, count - lane_slots - 1);
  while (one.replies.size() < count) {
    one.turn();
    two.turn();
    one.act([](shard& here) { here.invariant(); });
  }
  expect_in_order(two.requests, count);
  expect_in_order(one.replies, count);
}

TEST(Shard, IsWokenWhenTheReceiverMakesRoom) {
  logging_host one, two;
  send(one, two->ref(), 0, lane_slots + 1);
  EXPECT_TRUE(one.act([](shard& here) { return here.prepare_to_sleep(); }));
  EXPECT_EQ(one.wakes(), 0u);
  two.turn();
  EXPECT_GE(one.wakes(), 1u);
  one.act([](shard& here) { here.awake(); });
  one.turn();
  two.turn();
  one.turn();
  expect_in_order(one.replies, lane_slots + 1);
}

TEST(Shard, IsWokenOnceByABurst) {
  logging_host one, two, three;
  EXPECT_TRUE(two.act([](shard& here) { return here.prepare_to_sleep(); }));
  for (uint32_t number = 0; number < 10; ++number) {
    send(one, two->ref(), number, 1);
    one.turn();
  }
  send(three, two->ref(), 10, 1);
  three.turn();
  EXPECT_EQ(two.wakes(), 1u);
  EXPECT_FALSE(two.act([](shard& here) { return here.prepare_to_sleep(); }));
  two.turn();
  EXPECT_EQ(two.requests.size(), 11u);
  one.turn();
  three.turn();
}

TEST(Shard, MayWriteToItself) {
  logging_host one;
  send(one, one->ref(), 0, lane_slots + 7);
  for (int turns = 0; turns < 8; ++turns) one.turn();
  expect_in_order(one.requests, lane_slots + 7);
  expect_in_order(one.replies, lane_slots + 7);
  EXPECT_TRUE(one.act([](shard& here) { return here.prepare_to_sleep(); }));
}

TEST(Shard, SendsForeignObjectsHomeAndFreesItsOwnAtOnce) {
  logging_host one, two;
  intrusive_list<homebound> foreign = one.act([](shard& here) { return make_homebound(here, 3); });
  const uint64_t allocations = two->heap().stats().allocations;
  two.act([&](shard& here) {
    here.release(foreign.pop_front());
    here.release(std::move(foreign), one->id());
    here.invariant();
  });
  EXPECT_EQ(two->heap().stats().allocations, allocations);
  EXPECT_EQ(one->heap().live_objects(), 3u);
  two.turn();
  EXPECT_EQ(one->heap().live_objects(), 3u);
  one.turn();
  EXPECT_EQ(one->heap().live_objects(), 0u);
  EXPECT_EQ(two->counters().returns_sent, 3u);
  EXPECT_EQ(one->counters().returns_received, 3u);

  one.act([](shard& here) { here.release(make_homebound(here, 5)); });
  EXPECT_EQ(one->heap().live_objects(), 0u);
}

TEST(Shard, DoesNotTouchWhatItGivesBackOneByOne) {
  logging_host one, two;
  intrusive_list<homebound> foreign = one.act([](shard& here) { return make_homebound(here, lane_singles); });
  std::vector<homebound*> all;
  while (homebound* object = foreign.pop_front()) all.push_back(object);
  homebound mark;
  for (homebound* object : all) object->next = &mark;
  two.act([&](shard& here) {
    for (homebound* object : all) here.release(object);
    here.invariant();
    for (const homebound* object : all) ASSERT_EQ(object->next, &mark);
  });
  one.turn();
  EXPECT_EQ(one->heap().live_objects(), lane_singles);  // Nothing leaves before the flush.
  two.turn();
  one.turn();
  EXPECT_EQ(one->heap().live_objects(), 0u);
}

TEST(Shard, GivesBackMoreOneByOneThanTheLaneHolds) {
  constexpr size_t count = 3 * lane_singles + 1;
  logging_host one, two;
  intrusive_list<homebound> foreign = one.act([](shard& here) { return make_homebound(here, count); });
  two.act([&](shard& here) {
    while (homebound* object = foreign.pop_front()) here.release(object);
    here.invariant();
  });
  EXPECT_EQ(two->counters().returns_sent, count);
  for (int turns = 0; turns < 4; ++turns) {
    two.turn();
    one.turn();
  }
  EXPECT_EQ(one->heap().live_objects(), 0u);
  EXPECT_EQ(one->counters().returns_received, count);
  two.act([](shard& here) { here.invariant(); });
}

TEST(Shard, SpreadsSingleReturnsOverTurns) {
  logging_host one, two;
  intrusive_list<homebound> foreign = one.act([](shard& here) { return make_homebound(here, lane_singles); });
  two.act([&](shard& here) {
    while (homebound* object = foreign.pop_front()) here.release(object);
    here.flush();
  });
  EXPECT_TRUE(one.turn(shard_host::objects(100)));
  EXPECT_EQ(one->heap().live_objects(), lane_singles - 100);
  EXPECT_FALSE(one.act([](shard& here) { return here.prepare_to_sleep(); }));
  while (one.turn(shard_host::objects(100))) {}
  EXPECT_EQ(one->heap().live_objects(), 0u);
}

TEST(Shard, SendsAMixedChainToAllItsHomes) {
  logging_host one, two, three;
  intrusive_list<homebound> mixed;
  for (int round = 0; round < 10; ++round) {
    for (logging_host* home : {&one, &two, &three}) {
      mixed.splice(home->act([](shard& here) { return make_homebound(here, 2); }));
    }
  }
  two.act([&](shard& here) { here.release(std::move(mixed)); });
  EXPECT_EQ(two->heap().live_objects(), 0u);
  EXPECT_EQ(two->counters().returns_sent, 40u);
  two.turn();
  one.turn();
  three.turn();
  EXPECT_EQ(one->heap().live_objects(), 0u);
  EXPECT_EQ(three->heap().live_objects(), 0u);
}

TEST(Shard, SpreadsAStormOfReturnsOverTurns) {
  constexpr size_t storm = 100'000, quota = 4096;
  logging_host one, two;
  intrusive_list<homebound> foreign = one.act([&](shard& here) { return make_homebound(here, storm); });
  two.act([&](shard& here) {
    here.release(std::move(foreign), one->id());
    here.flush();
  });
  size_t turns = 0;
  for (size_t left = storm; left > 0; ++turns) {
    const bool more = one.turn(shard_host::objects(quota));
    const size_t now = one->heap().live_objects();
    ASSERT_LE(left - now, quota);
    ASSERT_LT(now, left);
    ASSERT_EQ(more, now > 0);
    ASSERT_EQ(one->returns_pending(), now);
    ASSERT_EQ(one.act([](shard& here) { return here.prepare_to_sleep(); }), now == 0);
    one.act([](shard& here) { here.awake(); });
    left = now;
  }
  EXPECT_EQ(turns, (storm + quota - 1) / quota);
}

TEST(Shard, SharesOneQuotaBetweenMessagesAndReturns) {
  logging_host one, two;
  intrusive_list<homebound> foreign = one.act([&](shard& here) { return make_homebound(here, 1000); });
  two.act([&](shard& here) { here.release(std::move(foreign), one->id()); });
  send(two, one->ref(), 0, 100);
  two.turn();
  EXPECT_TRUE(one.turn(shard_host::objects(40)));
  EXPECT_EQ(1000 - one->heap().live_objects() + one.requests.size(), 40u);
  while (one.turn(shard_host::objects(40))) {}
  EXPECT_EQ(one.requests.size(), 100u);
  EXPECT_EQ(one->heap().live_objects(), 0u);
  two.turn();
}

TEST(Shard, DropsReturnsWhileMessagesStorm) {
  logging_host one, two;
  intrusive_list<homebound> foreign = one.act([&](shard& here) { return make_homebound(here, 100); });
  two.act([&](shard& here) { here.release(std::move(foreign), one->id()); });
  for (uint32_t turn = 0; turn < 20; ++turn) {
    send(two, one->ref(), turn * 50, 50);
    two.turn();
    one.turn(shard_host::objects(20));
  }
  EXPECT_EQ(one->heap().live_objects(), 0u);
  EXPECT_GT(one.requests.size(), 0u);
  while (one.turn() | two.turn()) {}
}

TEST(Shard, ServesEverySenderWhenEachTurnIsSpentOnOne) {
  logging_host one, two, three;
  uint32_t number = 0;
  for (int turn = 0; turn < 10; ++turn) {
    for (logging_host* sender : {&one, &three}) {
      send(*sender, two->ref(), number, 30);
      sender->turn();
    }
    number += 30;
    two.turn(shard_host::objects(20));
  }
  EXPECT_EQ(two->received_from(one->id()), 100u);
  EXPECT_EQ(two->received_from(three->id()), 100u);
  while (two.turn() | one.turn() | three.turn()) {}
}

TEST(TurnQuota, EndsWithItsTimeWhateverIsLeftOfItsObjects) {
  turn_quota quota(1'000'000, std::chrono::microseconds(0));
  size_t spent = 0;
  while (quota.spend()) ++spent;
  EXPECT_LE(spent, 64u);
  EXPECT_TRUE(quota.spent());
}

/// Two shards send one message back and forth; each sleeps until it comes.
struct ping_pong {
  std::atomic<bool> over{false};
  uint32_t rounds = 0;
  uint32_t seen = 0;
  message* held = nullptr;

  static void receive(shard& here, message* delivered) {
    ping_pong& self = shard_host::of<ping_pong>(here);
    ++self.seen;
    if (delivered->kind == message_kind::request) return answer(here, delivered);
    if (self.seen == self.rounds) {
      here.dispose(delivered);
      self.over.store(true);
      return;
    }
    delivered->kind = message_kind::request;
    here.post(delivered);
  }
};

TEST(ShardSleep, LosesNoWakeUpBetweenTwoThatSleepAllTheTime) {
  const auto rounds = static_cast<uint32_t>(test_number("COREBUF_TEST_OPS", sanitized ? 60'000 : 200'000));
  ping_pong echo, asker;
  asker.rounds = rounds;
  std::atomic<shard_host*> echoing{nullptr};
  std::atomic<bool> told{false};
  std::thread thread([&] {
    shard_host two(budget, plain_homebound::drop, ping_pong::receive, &echo);
    echoing.store(&two);
    two.turn_until([&] { return echo.over.load(); });
    while (!told.load()) std::this_thread::yield();  // The waker is still inside wake().
  });
  while (echoing.load() == nullptr) std::this_thread::yield();
  shard_host& two = *echoing.load();
  {
    shard_host one(budget, plain_homebound::drop, ping_pong::receive, &asker);
    one.act([&](shard& here) { here.post(make_request(here, two->ref())); });
    one.turn_until([&] { return asker.over.load(); });
    EXPECT_EQ(one->heap().live_objects(), 0u);
  }
  echo.over.store(true);
  two.wake();
  told.store(true);
  thread.join();
  EXPECT_EQ(asker.seen, rounds);
  EXPECT_EQ(echo.seen, rounds);
  EXPECT_EQ(mesh::get().dead_shards(), 0u);
}

/// Bursts that are longer than the lane, so that sender and receiver both sleep on the full ring.
TEST(ShardSleep, LosesNoWakeUpWhenLanesAreFull) {
  const uint32_t bursts = sanitized ? 300 : 3000;
  constexpr uint32_t burst = 3 * lane_slots;
  ping_pong echo;
  std::atomic<shard_host*> echoing{nullptr};
  std::atomic<bool> told{false};
  std::thread thread([&] {
    shard_host two(budget, plain_homebound::drop, ping_pong::receive, &echo);
    echoing.store(&two);
    two.turn_until([&] { return echo.over.load(); }, 50);
    while (!told.load()) std::this_thread::yield();
  });
  while (echoing.load() == nullptr) std::this_thread::yield();
  shard_host& two = *echoing.load();
  {
    logging_host one;
    for (uint32_t at = 0; at < bursts; ++at) {
      send(one, two->ref(), at * burst, burst);
      one.turn_until([&] { return one.replies.size() == (at + 1) * burst; }, 50);
    }
    expect_in_order(one.replies, bursts * burst);
  }
  echo.over.store(true);
  two.wake();
  told.store(true);
  thread.join();
  EXPECT_EQ(echo.seen, bursts * burst);
}

}  // namespace
}  // namespace corebuf
