// Shards that attach, end and are replaced.
#include "shard/mesh.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "base/fuzz_test_support.h"
#include "shard/host_test_support.h"
#include "shard/homebound_test_support.h"

namespace corebuf {
namespace {

constexpr size_t peer_budget = 8 * MiB;

/// Keeps every request until it is told to answer; counts answers.
struct peer : shard_host {
  explicit peer(bool answers = true) : shard_host(peer_budget, plain_homebound::drop, receive, this), answers(answers) {}

  static void receive(shard& here, message* delivered) {
    peer& self = shard_host::of<peer>(here);
    if (delivered->kind == message_kind::request) {
      if (self.answers) return answer(here, delivered);
      return self.kept.push_back(delivered);
    }
    ++(delivered->status == message_status::gone ? self.gone : self.ok);
    here.dispose(delivered);
  }

  void send(shard_ref to, size_t count, size_t objects = 0) {
    act([&](shard& here) {
      for (size_t at = 0; at < count; ++at) {
        message* request = make_request(here, to);
        request->payload = make_homebound(here, objects);
        here.post(request);
      }
    });
  }

  /// Ends as the owner of a shard does: bounces what it has not answered.
  void bounce_kept() {
    act([&](shard& here) {
      while (message* request = kept.pop_front()) here.bounce(request);
    });
  }

  size_t live() { return (*this)->heap().live_objects(); }

  bool answers;
  intrusive_list<message> kept;
  size_t ok = 0;
  size_t gone = 0;
};

class Mesh : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(mesh::get().dead_shards(), 0u); }
};

TEST_F(Mesh, GivesTheSameNumberAThousandTimesInARow) {
  peer first;
  const shard_id expected = first->id();
  uint32_t incarnation = first->ref().incarnation;
  first.detach();
  for (int round = 0; round < 1000; ++round) {
    peer next;
    ASSERT_EQ(next->id(), expected);
    ASSERT_EQ(next->ref().incarnation, ++incarnation);
    next.act([](shard& here) { here.release(make_homebound(here, 10)); });
  }
  EXPECT_FALSE(mesh::get().alive({expected, incarnation}));
}

TEST_F(Mesh, KnowsWhoIsAlive) {
  EXPECT_FALSE(mesh::get().alive({shards_max - 1, 0}));
  EXPECT_FALSE(mesh::get().alive({no_shard, 0}));
  peer one;
  const shard_ref ref = one->ref();
  EXPECT_TRUE(mesh::get().alive(ref));
  EXPECT_FALSE(mesh::get().alive({ref.id, ref.incarnation - 1}));
  one.detach();
  EXPECT_FALSE(mesh::get().alive(ref));
  peer successor;
  EXPECT_EQ(successor->id(), ref.id);
  EXPECT_FALSE(mesh::get().alive(ref));
}

TEST_F(Mesh, IsOutOfNumbersWhenAllAreTakenAndTakesThemBack) {
  const shard_handlers handlers{plain_homebound::drop, nullptr, [](void*) {}, nullptr};
  std::vector<shard*> all;
  while (true) {
    const auto attached = mesh::get().attach({.budget = shard_heap::budget_min}, handlers);
    if (!attached) break;
    all.push_back(attached.value());
  }
  EXPECT_EQ(all.size(), shards_max);
  for (shard* ending : all) {
    const acting_as here(ending->id());
    mesh::get().detach(*ending);
  }
  peer again;
  EXPECT_EQ(again->id(), all.front()->id());
}

TEST_F(Mesh, BouncesRequestsToADeadShardAndFreesTheirPayload) {
  peer one;
  auto two = std::make_unique<peer>();
  const shard_ref dead = two->act([](shard& here) { return here.ref(); });
  two.reset();
  one.send(dead, 300, 2);
  for (int turn = 0; turn < 20; ++turn) one.turn();
  EXPECT_EQ(one.gone, 300u);
  EXPECT_EQ(one.ok, 0u);
  EXPECT_EQ(one.live(), 0u);
}

TEST_F(Mesh, AnswersWhatWasInFlightWhenTheShardEnded) {
  peer one;
  auto two = std::make_unique<peer>(false);
  const shard_ref ref = (*two)->ref();
  one.send(ref, 10, 1);
  one.turn();
  two->turn();                // 10 kept
  one.send(ref, 20, 1);
  one.turn();                 // 20 in the lane
  one.send(ref, 200, 1);      // more than a lane holds are under way
  EXPECT_EQ(two->kept.size(), 10u);
  two->bounce_kept();
  two.reset();
  for (int turn = 0; turn < 20; ++turn) one.turn();
  EXPECT_EQ(one.gone, 230u);
  EXPECT_EQ(one.live(), 0u);
}

TEST_F(Mesh, FreesReferencesThatComeHomeAfterDeathAtOnce) {
  peer one;
  intrusive_list<homebound> left;
  {
    peer two;
    left = two.act([](shard& here) { return make_homebound(here, 1000); });
  }
  EXPECT_EQ(mesh::get().dead_shards(), 1u);
  one.act([&](shard& here) {
    here.release(left.pop_front());
    here.flush();
    EXPECT_EQ(mesh::get().dead_shards(), 1u);
    here.release(std::move(left));
    here.flush();
  });
  EXPECT_EQ(mesh::get().dead_shards(), 0u);
}

TEST_F(Mesh, NeverReusesANumberWhoseMemoryIsOut) {
  peer one;
  auto two = std::make_unique<peer>();
  const shard_id id = (*two)->id();
  intrusive_list<homebound> left = two->act([](shard& here) { return make_homebound(here, 1); });
  two.reset();
  {
    peer three;
    EXPECT_NE(three->id(), id);
  }
  one.act([&](shard& here) {
    here.release(std::move(left));
    here.flush();
  });
  peer four;
  EXPECT_EQ(four->id(), id);
}

TEST_F(Mesh, KeepsTheNumberOfADeadShardWhoseOwnRequestsAreOut) {
  peer one(false);
  {
    peer two;
    two.send(one->ref(), 5, 3);
    two.turn();
    one.turn();
  }
  EXPECT_EQ(mesh::get().dead_shards(), 1u);
  one.act([&](shard& here) {
    while (message* request = one.kept.pop_front()) {
      here.release(std::move(request->payload));
      answer(here, request);
    }
    here.flush();
  });
  EXPECT_EQ(mesh::get().dead_shards(), 0u);
}

TEST_F(Mesh, DeliversWhatADeadShardLeftBehindAFullLane) {
  peer one;
  intrusive_list<homebound> ours = one.act([](shard& here) { return make_homebound(here, 1000); });
  {
    peer two;
    two.send(one->ref(), 500);
    two.turn();
    two.act([&](shard& here) { here.release(std::move(ours)); });
  }
  EXPECT_EQ(mesh::get().dead_shards(), 1u);
  for (int turn = 0; turn < 20; ++turn) one.turn();
  EXPECT_EQ(one->received_from(one->id() + 1), 500u);
  EXPECT_EQ(one.live(), 0u);
}

TEST_F(Mesh, CarriesTheMailOfTheDeadToTheDead) {
  // In both directions and both orders, because dead shards are visited in the order of their numbers.
  for (const bool up : {true, false}) {
    for (const bool first_dies_first : {true, false}) {
      auto one = std::make_unique<peer>(), two = std::make_unique<peer>();
      if (up) one->send((*two)->ref(), 3 * lane_slots, 1);
      else two->send((*one)->ref(), 3 * lane_slots, 1);
      (first_dies_first ? one : two).reset();
      (first_dies_first ? two : one).reset();
      EXPECT_EQ(mesh::get().dead_shards(), 0u);
    }
  }
}

TEST_F(Mesh, BouncesALateRequestAtTheSuccessor) {
  peer one;
  auto two = std::make_unique<peer>();
  const shard_ref dead = (*two)->ref();
  one.send(dead, 5, 1);
  two.reset();
  peer successor;
  ASSERT_EQ(successor->id(), dead.id);
  one.turn();
  successor.turn();
  one.turn();
  EXPECT_EQ(one.gone, 5u);
  EXPECT_EQ(one.live(), 0u);
}

TEST_F(Mesh, PassesOverANumberThatStillHasMail) {
  peer one;
  auto two = std::make_unique<peer>();
  const shard_ref dead = (*two)->ref();
  // The answers of `two` fill the lane to `one`, and `two` ends: later bounces have to wait.
  one.send(dead, lane_slots);
  one.turn();
  two->turn();
  two.reset();
  one.send(dead, 10);
  one.act([](shard& here) { here.flush(); });
  EXPECT_TRUE(mesh::get().dead_mail());
  peer three;
  EXPECT_NE(three->id(), dead.id);
  for (int turn = 0; turn < 10; ++turn) one.turn();
  EXPECT_EQ(one.ok, lane_slots);
  EXPECT_EQ(one.gone, 10u);
  EXPECT_FALSE(mesh::get().dead_mail());
}

/// Threads whose shards end and start again while the others send to them: every request is answered once.
TEST_F(Mesh, AnswersEveryRequestWhileShardsComeAndGo) {
  constexpr size_t threads_count = 3;
  const size_t lives = sanitized ? 100 : 1000;
  std::atomic<uint64_t> refs[threads_count] = {};
  std::atomic<size_t> asked{0}, answered{0};
  std::vector<std::thread> threads;
  for (size_t number = 0; number < threads_count; ++number) {
    threads.emplace_back([&, number] {
      std::mt19937_64 random(number);
      for (size_t life = 0; life < lives; ++life) {
        peer self(random() % 4 != 0);
        const shard_ref own = self->ref();
        refs[number].store(uint64_t{own.incarnation} << 16 | own.id);
        size_t sent = 0;
        const size_t rounds = random() % 20;
        for (size_t round = 0; round < rounds; ++round) {
          const uint64_t to = refs[random() % threads_count].load();
          const size_t burst = random() % (2 * lane_slots);
          if (to != 0) {
            self.send({static_cast<shard_id>(to), static_cast<uint32_t>(to >> 16)}, burst, random() % 3);
            sent += burst;
          }
          self.turn(turn_quota(1 + random() % 300));
        }
        // Half of the shards wait for their answers, half end with requests under way.
        self.answers = true;
        self.act([&](shard& here) {
          while (message* request = self.kept.pop_front()) answer(here, request);
        });
        if (random() % 2 == 0) {
          self.turn_until([&] { return self.ok + self.gone == sent && self.live() == 0; });
          asked.fetch_add(sent);
          answered.fetch_add(self.ok + self.gone);
        }
        self.bounce_kept();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  mesh::get().clean_up_dead();
  EXPECT_EQ(asked.load(), answered.load());
  EXPECT_GT(asked.load(), 0u);
}

}  // namespace
}  // namespace corebuf
