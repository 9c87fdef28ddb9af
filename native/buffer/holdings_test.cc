// How much memory the buffers of a shard hold, and how much fragments refer to.
#include "shard/holdings.h"

#include <gtest/gtest.h>

#include <string>

#include "buffer/buffer_host_test_support.h"

namespace corebuf {
namespace {

class Holdings : public testing::Test {
 protected:
  void TearDown() override {
    home.act([&](shard& here) { chain.release(here); });
    expect(0, 0, 0);
    EXPECT_EQ(home.live(), 0u);
  }

  void expect(size_t pinned, size_t wrapped, size_t referenced) {
    const holdings& held = home->holdings_here();
    EXPECT_EQ(held.pinned, pinned);
    EXPECT_EQ(held.wrapped, wrapped);
    EXPECT_EQ(held.referenced, referenced);
  }

  buffer_host home, away;
  iobuf chain;
};

TEST_F(Holdings, ShowASmallShareThatHoldsALargeBuffer) {
  home.act([&](shard& here) {
    ASSERT_TRUE(chain.append(here, bytes_of(letters(128 * KiB))));
    expect(128 * KiB, 0, 128 * KiB);
    iobuf small;
    ASSERT_TRUE(chain.share(here, 1000, 10, small));
    expect(128 * KiB, 0, 128 * KiB + 10);
    chain.release(here);
    expect(128 * KiB, 0, 10);
    ASSERT_TRUE(chain.append_copy(here, small));
    expect(128 * KiB + 512, 0, 20);
    small.release(here);
    expect(512, 0, 10);
  });
}

TEST_F(Holdings, FollowWhatIsAppendedPublishedAndTrimmed) {
  home.act([&](shard& here) {
    ASSERT_TRUE(chain.append(here, bytes_of("hundred")));
    expect(512, 0, 7);
    ASSERT_TRUE(chain.append(here, bytes_of("s")));
    expect(512, 0, 8);
    chain.publish(here, 92);
    expect(512, 0, 100);
    chain.trim_front(here, 30);
    expect(512, 0, 70);
    chain.trim_back(here, 20);
    expect(512, 0, 50);
    iobuf front;
    ASSERT_TRUE(chain.take_front(here, 10, front));
    expect(512, 0, 50);
    front.release(here);
    expect(512, 0, 40);
  });
}

TEST_F(Holdings, CountWrappedBytesForThemselves) {
  std::string foreign(5000, 'x');
  home.act([&](shard& here) {
    std::byte* data = std::as_writable_bytes(std::span(foreign)).data();
    buffer* wrapped = buffer::wrap(here, data, foreign.size(), [](shard&, void*) {}, nullptr);
    ASSERT_TRUE(chain.append_reference(here, *wrapped));
    expect(0, 5000, 5000);
    chain.trim_front(here, 4990);
    expect(0, 5000, 10);
  });
}

TEST_F(Holdings, OfAProxyCountAtTheHomeOfItsBytes) {
  corebuf::intrusive_list<homebound> travelling = away.act([&](shard& there) {
    iobuf made;
    EXPECT_TRUE(made.append(there, bytes_of(letters(100))));
    return made.depart(there);
  });
  chain = iobuf::arrive(travelling, 100);
  home.act([&](shard& here) {
    iobuf shared;
    ASSERT_TRUE(chain.share(here, 0, 50, shared));
    expect(0, 0, 0);
    EXPECT_EQ(away->holdings_here().referenced, 100u);
    shared.release(here);
  });
}

TEST_F(Holdings, SettleWhatWasTrimmedElsewhereWhenTheBufferIsGone) {
  iobuf kept;
  corebuf::intrusive_list<homebound> travelling = home.act([&](shard& here) {
    EXPECT_TRUE(chain.append(here, bytes_of(letters(100))));
    EXPECT_TRUE(chain.share(here, 0, 1, kept));
    return chain.depart(here);
  });
  iobuf trimmed = iobuf::arrive(travelling, 100);
  away.act([&](shard& there) {
    trimmed.trim_front(there, 60);
    trimmed.trim_back(there, 10);
    trimmed.release(there);
  });
  away.turn();
  home.turn();
  expect(512, 0, 71);  // The home does not know yet that 70 bytes were trimmed.
  home.act([&](shard& here) { kept.release(here); });
  expect(0, 0, 0);
}

TEST_F(Holdings, AreAsBeforeWhenMemoryRunsOut) {
  home.act([&](shard& here) {
    ASSERT_TRUE(chain.append(here, bytes_of(letters(512))));
    for (uint64_t failing = 1; failing <= 6; ++failing) {
      here.heap().fail_in(failing);
      iobuf shared;
      EXPECT_FALSE(chain.append(here, bytes_of(letters(600 * KiB))));
      here.heap().fail_in(1);
      EXPECT_FALSE(chain.share(here, 0, 10, shared));
      here.heap().fail_in(0);
      expect(512, 0, 512);
    }
  });
}

}  // namespace
}  // namespace corebuf
