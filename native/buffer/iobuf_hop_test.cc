// Chains whose bytes belong to another shard. All shards live on this one thread, so that every step can be
// checked.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "buffer/buffer_host_test_support.h"

namespace corebuf {
namespace {

class IobufHop : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_TRUE(all_home({&home, &away, &third}));
    EXPECT_EQ(mesh::get().dead_shards(), 0u);
  }

  /// A chain of `home`, in fragments of ten bytes, as it arrives on another shard.
  iobuf arrived(size_t fragments) {
    const std::string text = letters(fragments * 10);
    intrusive_list<homebound> travelling = home.act([&](shard& here) {
      iobuf made;
      for (size_t at = 0; at < fragments; ++at) {
        iobuf added;
        EXPECT_TRUE(added.append(here, bytes_of(std::string_view(text).substr(at * 10, 10))));
        made.take(here, added);
      }
      return made.depart(here);
    });
    return iobuf::arrive(travelling, fragments * 10);
  }

  buffer_host home, away, third;
};

TEST_F(IobufHop, AllocatesNothingAndTouchesNoCountWhenReleasedAbroad) {
  iobuf foreign = arrived(100);
  const size_t live = home.live();
  const uint32_t count = foreign.front()->of->count;
  const fragment* first = foreign.front();
  const uint64_t allocations_away = away.allocations(), allocations_home = home.allocations();
  away.act([&](shard& here) { foreign.release(here); });
  away.turn();
  EXPECT_EQ(away.allocations(), allocations_away);
  EXPECT_EQ(home.allocations(), allocations_home);
  EXPECT_EQ(home.live(), live);
  EXPECT_EQ(first->of->count, count);
  home.turn();
  EXPECT_EQ(home.live(), 0u);
  EXPECT_EQ(home->counters().returns_received, 100u);
}

TEST_F(IobufHop, SendsAWholeChainHomeAsOneItem) {
  iobuf foreign = arrived(1000);  // more fragments than a lane has slots
  away.act([&](shard& here) {
    foreign.release(here);
    here.flush();
    EXPECT_TRUE(here.prepare_to_sleep());
    here.awake();
  });
  home.turn();
  EXPECT_EQ(home.live(), 0u);
}

TEST_F(IobufHop, MakesOneProxyOfAForeignFragmentAndSendsOneReferenceHome) {
  iobuf foreign = arrived(1);
  iobuf shares[3];
  away.act([&](shard& here) {
    for (iobuf& shared : shares) EXPECT_TRUE(foreign.share(here, 2, 5, shared));
    foreign.invariant();
    EXPECT_EQ(foreign.front()->of->kind, buffer_kind::proxy);
    EXPECT_EQ(foreign.front()->of->count, 4u);
    EXPECT_EQ(text_of(foreign), letters(10));
    foreign.release(here);
    for (iobuf& shared : shares) {
      EXPECT_EQ(here.counters().returns_sent, 0u);
      EXPECT_EQ(text_of(shared), letters(5, 2));
      shared.release(here);
    }
    EXPECT_EQ(here.counters().returns_sent, 1u);
  });
  EXPECT_EQ(away.live(), 0u);
  EXPECT_GT(home.live(), 0u);
  away.turn();
  home.turn();
  EXPECT_EQ(home->counters().returns_received, 1u);
}

TEST_F(IobufHop, ReplacesTheMiddleOfAChainInPlace) {
  iobuf foreign = arrived(5), shared;
  away.act([&](shard& here) {
    EXPECT_TRUE(foreign.share(here, 15, 20, shared));
    foreign.invariant();
    shared.invariant();
    EXPECT_EQ(text_of(foreign), letters(50));
    EXPECT_EQ(text_of(shared), letters(20, 15));
    EXPECT_EQ(foreign.fragment_count(), 5u);
    EXPECT_EQ(foreign.front()->of->kind, buffer_kind::slab);
    EXPECT_TRUE(foreign.append(here, bytes_of("tail")));  // Behind fragments of two homes.
    foreign.invariant();
    EXPECT_EQ(text_of(foreign), letters(50) + "tail");
    foreign.release(here);
    EXPECT_EQ(text_of(shared), letters(20, 15));
    shared.release(here);
  });
}

TEST_F(IobufHop, TakesTheFrontOfAForeignFragment) {
  iobuf foreign = arrived(3), front;
  away.act([&](shard& here) {
    EXPECT_TRUE(foreign.take_front(here, 14, front));
    foreign.invariant();
    front.invariant();
    EXPECT_EQ(text_of(front), letters(14));
    EXPECT_EQ(text_of(foreign), letters(16, 14));
    foreign.trim_front(here, 7);
    EXPECT_EQ(text_of(foreign), letters(9, 21));
    foreign.release(here);
    front.release(here);
  });
}

TEST_F(IobufHop, TrimsTheBackOfAForeignFragment) {
  iobuf foreign = arrived(3);
  away.act([&](shard& here) {
    foreign.trim_back(here, 4);
    here.invariant();
    EXPECT_EQ(text_of(foreign), letters(26));
    foreign.trim_back(here, 12);
    foreign.invariant();
    here.invariant();
    EXPECT_EQ(text_of(foreign), letters(14));
    foreign.release(here);
  });
}

TEST_F(IobufHop, ShowsNoLaterBytesOfItsHomeToWhoReceived) {
  iobuf original, sent;
  intrusive_list<homebound> travelling = home.act([&](shard& here) {
    EXPECT_TRUE(original.append(here, bytes_of("common")));
    EXPECT_TRUE(original.share(here, 0, 6, sent));
    return sent.depart(here);
  });
  iobuf foreign = iobuf::arrive(travelling, 6);
  home.act([&](shard& here) { EXPECT_TRUE(original.append(here, bytes_of("-mine"))); });
  away.act([&](shard& here) {
    EXPECT_TRUE(foreign.slack().empty());
    EXPECT_TRUE(foreign.append(here, bytes_of("-yours")));
    EXPECT_EQ(text_of(foreign), "common-yours");
    foreign.release(here);
  });
  home.act([&](shard& here) {
    EXPECT_EQ(text_of(original), "common-mine");
    original.release(here);
  });
}

TEST_F(IobufHop, ComesHomeThroughTheProxiesOfTwoOthers) {
  iobuf foreign = arrived(2), second;
  intrusive_list<homebound> travelling = away.act([&](shard& here) {
    EXPECT_TRUE(foreign.share(here, 0, 20, second));
    return second.depart(here);
  });
  iobuf further = iobuf::arrive(travelling, 20), last;
  third.act([&](shard& here) {
    EXPECT_TRUE(further.share(here, 5, 10, last));
    further.release(here);
  });
  away.act([&](shard& here) { foreign.release(here); });
  third.turn(), away.turn(), home.turn();
  EXPECT_GT(home.live(), 0u);  // A chain of proxies keeps it.
  EXPECT_GT(away.live(), 0u);
  EXPECT_EQ(text_of(last), letters(10, 5));
  third.act([&](shard& here) { last.release(here); });
}

TEST_F(IobufHop, LeavesTheContentUnchangedWhenAProxyFindsNoMemory) {
  buffer_host tiny(shard_heap::budget_min);
  iobuf foreign = arrived(3), shared;
  tiny.act([&](shard& here) {
    std::vector<void*> ballast;
    for (size_t size : {64 * KiB, 1 * KiB, size_t{16}}) {
      while (void* memory = here.heap().allocate_record(size)) ballast.push_back(memory);
    }
    const size_t live = here.heap().live_objects();
    EXPECT_FALSE(foreign.share(here, 0, 30, shared));
    EXPECT_EQ(here.heap().live_objects(), live);
    EXPECT_TRUE(shared.empty());
    EXPECT_FALSE(foreign.take_front(here, 15, shared));
    EXPECT_TRUE(shared.empty());
    EXPECT_EQ(text_of(foreign), letters(30));
    // Each round has room for one more record, so that it fails behind the first proxy, behind the second, …
    for (size_t room = 1; !foreign.share(here, 0, 30, shared); ++room) {
      foreign.invariant();
      EXPECT_TRUE(shared.empty());
      EXPECT_EQ(text_of(foreign), letters(30));
      here.heap().free(ballast.back());
      ballast.pop_back();
      ASSERT(room < 10'000);
    }
    EXPECT_EQ(text_of(shared), letters(30));
    shared.release(here);
    foreign.release(here);
    for (void* memory : ballast) here.heap().free(memory);
    here.flush();
    EXPECT_EQ(here.heap().live_objects(), 0u);
  });
}

TEST_F(IobufHop, OutlivesTheShardThatMadeIt) {
  iobuf foreign, shared;
  {
    buffer_host dying;
    intrusive_list<homebound> travelling = dying.act([&](shard& here) {
      iobuf made;
      EXPECT_TRUE(made.append(here, bytes_of(letters(100'000))));
      return made.depart(here);
    });
    foreign = iobuf::arrive(travelling, 100'000);
  }
  EXPECT_EQ(mesh::get().dead_shards(), 1u);
  away.act([&](shard& here) {
    EXPECT_TRUE(foreign.share(here, 99'000, 1000, shared));
    foreign.release(here);
    here.flush();
    EXPECT_EQ(text_of(shared), letters(1000, 99'000));
    shared.release(here);
    EXPECT_EQ(mesh::get().dead_shards(), 1u);
    here.flush();
  });
  EXPECT_EQ(mesh::get().dead_shards(), 0u);
}

}  // namespace
}  // namespace corebuf
