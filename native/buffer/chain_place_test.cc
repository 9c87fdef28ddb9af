// Walks that begin where the last one has been, beside walks from the front.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "buffer/buffer_host_test_support.h"

namespace corebuf {
namespace {

class ChainPlace : public testing::Test {
 protected:
  void TearDown() override {
    for (int turn = 0; turn < 3; ++turn) home.turn(), away.turn();
    EXPECT_EQ(home.live(), 0u);
    EXPECT_EQ(away.live(), 0u);
  }

  /// Fragments of one to nine bytes.
  static iobuf fragments_of(shard& here, std::string_view text) {
    iobuf made;
    for (size_t at = 0, size = 1; at < text.size(); at += size, size = size % 9 + 1) {
      iobuf added;
      EXPECT_TRUE(added.append(here, bytes_of(text.substr(at, size))));
      made.take(here, added);
    }
    return made;
  }

  static void expect_shared(shard& here, iobuf& chain, chain_place& place, size_t start, std::string_view expected) {
    iobuf shared;
    ASSERT_TRUE(chain.share(here, start, expected.size(), shared, place));
    chain.invariant();
    EXPECT_EQ(text_of(shared), expected);
    shared.release(here);
  }

  static void expect_copied(const iobuf& chain, chain_place& place, size_t start, std::string_view expected) {
    std::string copy(expected.size(), '?');
    EXPECT_EQ(chain.copy_out(start, std::as_writable_bytes(std::span(copy)), place), copy.size());
    EXPECT_EQ(copy, expected);
  }

  buffer_host home, away;
};

TEST_F(ChainPlace, SharesAndCopiesTheSameAsFromTheFrontWhileTheChainGrows) {
  home.act([&](shard& here) {
    std::mt19937 random(7);
    std::string text = letters(300);
    iobuf chain = fragments_of(here, text);
    chain_place place;
    for (int round = 0; round < 2000; ++round) {
      const size_t start = random() % (text.size() + 1);
      const size_t length = random() % std::min<size_t>(text.size() - start + 1, 64);
      if (round % 2 == 0) expect_shared(here, chain, place, start, std::string_view(text).substr(start, length));
      else expect_copied(chain, place, start, std::string_view(text).substr(start, length));
      const std::string more = letters(random() % 4, text.size());
      if (round % 3 == 0) {
        EXPECT_TRUE(chain.append(here, bytes_of(more)));
      }
      iobuf linked = round % 3 == 1 ? fragments_of(here, more) : iobuf();
      chain.take(here, linked);
      if (round % 3 < 2) text += more;
    }
    chain.release(here);
  });
}

TEST_F(ChainPlace, IsWhereTheRangeBegins) {
  home.act([&](shard& here) {
    iobuf chain = fragments_of(here, letters(100));  // of 1, 2, 3, 4, … bytes
    chain_place place;
    expect_shared(here, chain, place, 7, letters(40, 7));
    EXPECT_EQ(place.index, 3u);
    EXPECT_EQ(place.start, 6u);
    EXPECT_EQ(chain.at(place)->length, 4u);
    chain.walk_to_index(5, place);
    EXPECT_EQ(place.start, 15u);
    chain.walk_to_index(1, place);
    EXPECT_EQ(place.start, 1u);
    chain.walk_to(0, place);
    EXPECT_EQ(place.before, nullptr);
    chain.release(here);
  });
}

TEST_F(ChainPlace, IsNeverBehindTheLastFragmentWhichMayGrow) {
  home.act([&](shard& here) {
    iobuf chain;
    chain_place place;
    chain.walk_to(0, place);
    EXPECT_EQ(place.index, 0u);
    EXPECT_TRUE(chain.append(here, bytes_of("abc")));
    chain.walk_to(3, place);
    chain.walk_to_index(9, place);
    EXPECT_EQ(place.index, 0u);
    EXPECT_TRUE(chain.append(here, bytes_of("def")));
    expect_shared(here, chain, place, 2, "cdef");
    chain.release(here);
  });
}

TEST_F(ChainPlace, OutlivesForeignFragmentsThatItsSharesReplace) {
  chain<homebound> travelling = home.act([](shard& here) { return fragments_of(here, letters(100)).depart(here); });
  iobuf foreign = iobuf::arrive(travelling, 100);
  away.act([&](shard& here) {
    chain_place place;
    for (const size_t start : {30, 20, 25, 0, 60, 59, 90}) expect_shared(here, foreign, place, start, letters(10, start));
    EXPECT_EQ(text_of(foreign), letters(100));
    foreign.release(here);
  });
}

TEST_F(ChainPlace, StaysRightWhenThereIsNoMemoryForTheShare) {
  home.act([&](shard& here) {
    iobuf chain = fragments_of(here, letters(100));
    chain_place place;
    expect_shared(here, chain, place, 50, letters(10, 50));
    for (uint64_t allowed = 0; allowed < 4; ++allowed) {
      iobuf shared;
      here.heap().fail_in(allowed + 1);
      EXPECT_FALSE(chain.share(here, 20, 60, shared, place));
      here.heap().fail_in(0);
      EXPECT_TRUE(shared.empty());
      expect_shared(here, chain, place, 20, letters(60, 20));
    }
    chain.release(here);
  });
}

}  // namespace
}  // namespace corebuf
