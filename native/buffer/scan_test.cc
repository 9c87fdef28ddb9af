#include "buffer/scan.h"

#include <gtest/gtest.h>

#include <string>

#include "buffer/buffer_host_test_support.h"
#include "buffer/crc32c.h"

namespace corebuf {
namespace {

/// A quota that ends after the first piece.
slice_quota least() { return slice_quota(std::chrono::microseconds(-1)); }

class Scan : public testing::Test {
 protected:
  void TearDown() override { EXPECT_TRUE(all_home({&home, &away})); }

  /// A chain of `fragments` fragments of `length` bytes each, made on `on`.
  static iobuf chain_of(buffer_host& on, size_t fragments, size_t length) {
    return on.act([&](shard& here) {
      iobuf made;
      for (size_t at = 0; at < fragments; ++at) {
        iobuf added;
        EXPECT_TRUE(added.append(here, bytes_of(letters(length, at * length))));
        made.take(here, added);
      }
      made.seal();
      return made;
    });
  }

  iobuf foreign_chain(size_t fragments, size_t length) {
    iobuf made = chain_of(home, fragments, length);
    intrusive_list<homebound> travelling = home.act([&](shard& here) { return made.depart(here); });
    return iobuf::arrive(travelling, fragments * length);
  }

  /// The bytes of pieces until there are `most` or more.
  static std::string bytes_to(scan& of, size_t most) {
    std::string text;
    slice_quota endless(std::chrono::hours(1));
    of.slice(endless, [&](std::span<const std::byte> piece) {
      if (text.size() >= most) return false;
      text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return true;
    });
    return text;
  }

  buffer_host home, away;
};

TEST_F(Scan, CoversEachByteOnceInSlices) {
  iobuf chain = chain_of(home, 700, 1000);
  scan of(chain);
  uint32_t crc = 0;
  size_t slices = 0;
  for (; of.left > 0; ++slices) {
    slice_quota quota = least();
    of.slice(quota, [&](std::span<const std::byte> piece) {
      crc = crc32c(crc, piece);
      return true;
    });
  }
  EXPECT_EQ(crc, chain.crc32c(0));
  EXPECT_GT(slices, 40u);
  EXPECT_LT(slices, 80u);
  home.act([&](shard& here) { chain.release(here); });
}

TEST_F(Scan, CutsOneLargeFragment) {
  home.act([&](shard& here) {
    iobuf chain;
    ASSERT_TRUE(chain.append_reference(here, *buffer::make(here, 1 * MiB)));
    scan of(chain);
    slice_quota quota = least();
    of.slice(quota, [](std::span<const std::byte>) { return true; });
    EXPECT_EQ(of.left, 1 * MiB - slice_quota::piece_max);
    chain.release(here);
  });
}

TEST_F(Scan, IsNotDisturbedByAppends) {
  home.act([&](shard& here) {
    iobuf chain;
    ASSERT_TRUE(chain.append(here, bytes_of(letters(100))));
    scan of(chain);
    ASSERT_TRUE(chain.append(here, bytes_of("slack")));
    ASSERT_TRUE(chain.append(here, bytes_of(letters(5000))));
    EXPECT_EQ(bytes_to(of, 1000), letters(100));
    scan again(chain);
    EXPECT_EQ(bytes_to(again, 10'000).size(), 5105u);
    chain.release(here);
  });
}

TEST_F(Scan, GoesOnWhereAShareHasReplacedTheFragmentItIsAt) {
  for (size_t stopped_at = 0; stopped_at < 50; stopped_at += 10) {
    iobuf foreign = foreign_chain(5, 10), shared, tail;
    away.act([&](shard& here) {
      scan of(foreign);
      std::string text = bytes_to(of, stopped_at);
      const fragment* first = foreign.front();
      ASSERT_TRUE(foreign.share(here, 0, 50, shared));
      ASSERT_NE(foreign.front(), first);
      ASSERT_TRUE(foreign.append(here, bytes_of("tail")));
      text += bytes_to(of, 1000);
      EXPECT_EQ(text, letters(50)) << stopped_at;
      foreign.release(here);
      EXPECT_EQ(text_of(shared), letters(50));
      shared.release(here);
    });
  }
}

TEST_F(Scan, StaysWhereItIsWhenAPieceIsRefused) {
  iobuf chain = chain_of(home, 3, 10);
  scan of(chain);
  slice_quota endless(std::chrono::hours(1));
  of.slice(endless, [](std::span<const std::byte>) { return false; });
  EXPECT_EQ(bytes_to(of, 1000), letters(30));
  home.act([&](shard& here) { chain.release(here); });
}

TEST_F(Scan, ComparesAcrossDifferentFragments) {
  iobuf chain = chain_of(home, 300, 1000), other = chain_of(home, 3000, 100);
  scan of(chain);
  cursor beside(other);
  bool equal = true;
  size_t slices = 0;
  for (; equal && of.left > 0; ++slices) {
    slice_quota quota = least();
    equal = equal_slice(of, beside, quota);
  }
  EXPECT_TRUE(equal);
  EXPECT_GT(slices, 10u);
  std::string text = letters(300'000);
  text.back() ^= 1;
  scan again(chain);
  flat_cursor flat(bytes_of(text));
  slice_quota endless(std::chrono::hours(1));
  EXPECT_FALSE(equal_slice(again, flat, endless));
  home.act([&](shard& here) {
    chain.release(here);
    other.release(here);
  });
}

TEST_F(Scan, ClearsInSlices) {
  iobuf chain = chain_of(home, 200, 10);
  home.act([&](shard& here) {
    size_t slices = 0;
    for (bool done = false; !done; ++slices) {
      const size_t live = home.live();
      slice_quota quota = least();
      done = clear_slice(here, chain, quota);
      chain.invariant();
      EXPECT_LT(home.live(), live);
    }
    EXPECT_GT(slices, 10u);
    EXPECT_EQ(chain.fragment_count(), 0u);
  });
}

TEST_F(Scan, ClearsFragmentsWithoutBytes) {
  home.act([&](shard& here) {
    std::byte wrapped[10] = {};
    iobuf chain;
    for (const size_t size : {0, 10, 0, 1, 0, 0}) {
      ASSERT_TRUE(chain.append_reference(here, *buffer::wrap(
                                                   here, wrapped, size, [](shard&, void*) {}, nullptr)));
    }
    scan whole(chain);
    EXPECT_EQ(bytes_to(whole, 100).size(), 11u);
    slice_quota endless(std::chrono::hours(1));
    EXPECT_TRUE(clear_slice(here, chain, endless));
    EXPECT_EQ(chain.fragment_count(), 0u);
  });
}

}  // namespace
}  // namespace corebuf
