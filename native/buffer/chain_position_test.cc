// Walks that begin at a remembered position, compared with walks from the front.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "buffer/buffer_host_test_support.h"

namespace corebuf {
namespace {

class ChainPosition : public testing::Test {
 protected:
  void TearDown() override { EXPECT_TRUE(all_home({&home, &away})); }

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

  static void expect_shared(shard& here, iobuf& chain, chain_position& position, size_t start, std::string_view expected) {
    iobuf shared;
    ASSERT_TRUE(chain.share(here, start, expected.size(), shared, position));
    chain.invariant();
    EXPECT_EQ(text_of(shared), expected);
    shared.release(here);
  }

  static void expect_copied(const iobuf& chain, chain_position& position, size_t start, std::string_view expected) {
    std::string copy(expected.size(), '?');
    EXPECT_EQ(chain.copy_out(start, std::as_writable_bytes(std::span(copy)), position), copy.size());
    EXPECT_EQ(copy, expected);
  }

  buffer_host home, away;
};

TEST_F(ChainPosition, SharesAndCopiesTheSameAsFromTheFrontWhileTheChainGrows) {
  home.act([&](shard& here) {
    std::mt19937 random(7);
    std::string text = letters(300);
    iobuf chain = fragments_of(here, text);
    chain_position position;
    for (int round = 0; round < 2000; ++round) {
      const size_t start = random() % (text.size() + 1);
      const size_t length = random() % std::min<size_t>(text.size() - start + 1, 64);
      if (round % 2 == 0) expect_shared(here, chain, position, start, std::string_view(text).substr(start, length));
      else expect_copied(chain, position, start, std::string_view(text).substr(start, length));
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

TEST_F(ChainPosition, IsWhereTheRangeBegins) {
  home.act([&](shard& here) {
    iobuf chain = fragments_of(here, letters(100));  // of 1, 2, 3, 4, … bytes
    chain_position position;
    expect_shared(here, chain, position, 7, letters(40, 7));
    EXPECT_EQ(position.index, 3u);
    EXPECT_EQ(position.start, 6u);
    EXPECT_EQ(chain.at(position)->length, 4u);
    chain.walk_to_index(5, position);
    EXPECT_EQ(position.start, 15u);
    chain.walk_to_index(1, position);
    EXPECT_EQ(position.start, 1u);
    chain.walk_to(0, position);
    EXPECT_EQ(position.before, nullptr);
    chain.release(here);
  });
}

TEST_F(ChainPosition, IsNeverBehindTheLastFragmentWhichMayGrow) {
  home.act([&](shard& here) {
    iobuf chain;
    chain_position position;
    chain.walk_to(0, position);
    EXPECT_EQ(position.index, 0u);
    EXPECT_TRUE(chain.append(here, bytes_of("abc")));
    chain.walk_to(3, position);
    chain.walk_to_index(9, position);
    EXPECT_EQ(position.index, 0u);
    EXPECT_TRUE(chain.append(here, bytes_of("def")));
    expect_shared(here, chain, position, 2, "cdef");
    chain.release(here);
  });
}

TEST_F(ChainPosition, OutlivesForeignFragmentsThatItsSharesReplace) {
  intrusive_list<homebound> travelling = home.act([](shard& here) { return fragments_of(here, letters(100)).depart(here); });
  iobuf foreign = iobuf::arrive(travelling, 100);
  away.act([&](shard& here) {
    chain_position position;
    for (const size_t start : {30, 20, 25, 0, 60, 59, 90}) expect_shared(here, foreign, position, start, letters(10, start));
    EXPECT_EQ(text_of(foreign), letters(100));
    foreign.release(here);
  });
}

TEST_F(ChainPosition, StaysRightWhenThereIsNoMemoryForTheShare) {
  home.act([&](shard& here) {
    iobuf chain = fragments_of(here, letters(100));
    chain_position position;
    expect_shared(here, chain, position, 50, letters(10, 50));
    for (uint64_t allowed = 0; allowed < 4; ++allowed) {
      iobuf shared;
      here.heap().fail_in(allowed + 1);
      EXPECT_FALSE(chain.share(here, 20, 60, shared, position));
      here.heap().fail_in(0);
      EXPECT_TRUE(shared.empty());
      expect_shared(here, chain, position, 20, letters(60, 20));
    }
    chain.release(here);
  });
}

}  // namespace
}  // namespace corebuf
