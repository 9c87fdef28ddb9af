#include <gtest/gtest.h>

#include <string>

#include "buffer/buffer_host_test_support.h"
#include "buffer/fragment_size.h"

namespace corebuf {
namespace {

class IobufGrowth : public testing::Test {
 protected:
  void TearDown() override {
    chain.release(here);
    other.release(here);
    here.flush();
    abroad.turn();
    EXPECT_EQ(host.live(), 0u);
    EXPECT_EQ(abroad.live(), 0u);
  }

  void append(iobuf& to, std::string_view text) { ASSERT_TRUE(to.append(here, bytes_of(text))); }
  void prepend(iobuf& to, std::string_view text) { ASSERT_TRUE(to.prepend(here, bytes_of(text))); }

  static void expect(const iobuf& chain, std::string_view text) {
    chain.invariant();
    EXPECT_TRUE(text_of(chain) == text) << chain.length() << " bytes instead of " << text.size();
  }

  buffer_host host, abroad;
  shard& here = *host;
  acting_as acting{here.id()};
  iobuf chain, other;
};

TEST_F(IobufGrowth, PrependsSmallPiecesIntoOneFragmentFromItsEndToItsBeginning) {
  append(chain, "end");
  std::string expected = "end";
  for (size_t at = 0; at < 128; ++at) {
    const std::string text = letters(4, at * 4);
    prepend(chain, text);
    expected = text + expected;
  }
  expect(chain, expected);
  EXPECT_EQ(chain.fragment_count(), 2u);
  EXPECT_EQ(chain.headroom(here), 0u);
  prepend(chain, "x");
  EXPECT_EQ(chain.headroom(here), 767u);  // the rest of the next step of growth
  append(chain, "y");
  expect(chain, "x" + expected + "y");
  EXPECT_EQ(chain.fragment_count(), 3u);
}

TEST_F(IobufGrowth, PrependsMoreThanAFragmentHoldsAcrossTheEdgeOfTheHeadroom) {
  prepend(chain, "end");
  const std::string text = letters(3 * fragment_size_max);
  prepend(chain, text);
  expect(chain, text + "end");
  EXPECT_EQ(here.ledger_here().copied[static_cast<size_t>(copy_kind::append)], text.size() + 3);
  chain.release(here);
  prepend(chain, "");
  EXPECT_EQ(chain.fragment_count(), 0u);
}

TEST_F(IobufGrowth, WritesInFrontOnlyWhereNobodyElseRefersToTheBuffer) {
  append(chain, "0123456789");
  chain.trim_front(here, 4);
  EXPECT_EQ(chain.headroom(here), 4u);
  ASSERT_TRUE(chain.share(here, 2, 2, other));
  EXPECT_EQ(chain.headroom(here), 0u);
  EXPECT_EQ(other.headroom(here), 0u);
  prepend(chain, "ab");
  expect(chain, "ab456789");
  expect(other, "67");
  other.release(here);
  iobuf front;
  ASSERT_TRUE(chain.take_front(here, 2, front));
  EXPECT_EQ(chain.headroom(here), 4u);
  prepend(chain, "ABCD");
  expect(chain, "ABCD456789");
  EXPECT_EQ(chain.fragment_count(), 1u);
  front.release(here);
}

TEST_F(IobufGrowth, LeavesFrontsThatAreNotItsOwnAlone) {
  std::string pinned = "pinned bytes";
  const unpin_function unpin = [](shard&, void*) {};
  auto* const data = reinterpret_cast<std::byte*>(pinned.data());
  ASSERT_TRUE(chain.append_reference(here, *buffer::wrap(here, data, pinned.size(), unpin, nullptr)));
  chain.trim_front(here, 7);
  EXPECT_EQ(chain.headroom(here), 0u);
  prepend(chain, "my ");
  expect(chain, "my bytes");
  EXPECT_EQ(pinned, "pinned bytes");

  ::corebuf::intrusive_list<homebound> travelling = abroad.act([](shard& there) {
    iobuf made;
    EXPECT_TRUE(made.prepend(there, bytes_of("foreign")));
    return made.depart(there);
  });
  other = iobuf::arrive(travelling, 7);
  EXPECT_EQ(other.headroom(here), 0u);
  prepend(other, "not so ");
  expect(other, "not so foreign");
  ASSERT_TRUE(other.share(here, 8, 6, chain));  // The front, of another home, is replaced by a proxy.
  other.trim_front(here, 8);
  EXPECT_EQ(other.headroom(here), 0u);
  expect(chain, "my bytesoreign");
}

TEST_F(IobufGrowth, PrependsCopiesOfChainsAndOfItself) {
  append(other, "one");
  prepend(other, "zero");
  append(chain, "end");
  ASSERT_TRUE(chain.prepend_copy(here, other));
  expect(chain, "zerooneend");
  prepend(chain, "|");
  ASSERT_TRUE(chain.prepend_copy(here, other));  // into the headroom
  EXPECT_EQ(chain.fragment_count(), 3u);
  ASSERT_TRUE(chain.prepend_copy(here, chain));
  expect(chain, "zeroone|zerooneendzeroone|zerooneend");
  other.release(here);
  ASSERT_TRUE(other.prepend_copy(here, other));
  ASSERT_TRUE(chain.prepend_copy(here, other));
  append(chain, "!");
  EXPECT_EQ(chain.length(), 37u);
  chain.invariant();
}

TEST_F(IobufGrowth, AppendsSmallChainsIntoItsSlack) {
  append(chain, "a");
  append(other, "b");
  other.seal();
  append(other, "c");
  ASSERT_TRUE(chain.append_copy(here, other));
  ASSERT_TRUE(chain.append_copy(here, chain));
  expect(chain, "abcabc");
  EXPECT_EQ(chain.fragment_count(), 1u);
}

TEST_F(IobufGrowth, ReservesZerosInOnePiece) {
  append(other, std::string(512, 'x'));
  other.release(here);  // The next buffer gets memory that has been used.
  append(chain, "ab");
  const std::byte* inside = chain.reserve(here, 100);
  EXPECT_EQ(chain.fragment_count(), 1u);
  EXPECT_EQ(inside, chain.front()->data + 2);
  const std::byte* behind = chain.reserve(here, 500);
  EXPECT_EQ(chain.fragment_count(), 2u);
  EXPECT_EQ(behind, iobuf::next(chain.front())->data);
  append(chain, "yz");
  EXPECT_EQ(chain.fragment_count(), 2u);
  expect(chain, "ab" + std::string(600, '\0') + "yz");
  ASSERT_NE(chain.reserve(here, fragment_size_max), nullptr);
  EXPECT_EQ(chain.length(), 604 + fragment_size_max);
  EXPECT_EQ(chain.fragment_count(), 3u);
  chain.invariant();
}

TEST_F(IobufGrowth, CoalescesIntoOneFragmentWithoutTouchingShares) {
  for (size_t at = 0; at < 100; ++at) {
    iobuf added;
    append(added, letters(700, at * 700));
    chain.take(here, added);
  }
  ASSERT_TRUE(chain.share(here, 650, 100, other));
  ASSERT_TRUE(chain.coalesce(here));
  EXPECT_EQ(chain.fragment_count(), 1u);
  EXPECT_TRUE(chain.slack().empty());
  expect(chain, letters(70'000));
  expect(other, letters(100, 650));
  const std::byte* data = chain.front()->data;
  ASSERT_TRUE(chain.coalesce(here));
  EXPECT_EQ(chain.front()->data, data);
  append(chain, "!");
  expect(chain, letters(70'000) + "!");
  other.release(here);
  ASSERT_TRUE(other.coalesce(here));
  EXPECT_TRUE(other.empty());
}

TEST_F(IobufGrowth, MakesRoomForWhatIsExpected) {
  chain.expect(3000);
  append(chain, "a");
  EXPECT_EQ(chain.slack().size(), 3583u);
  other.expect(10 * fragment_size_max);
  append(other, "a");
  EXPECT_EQ(other.slack().size(), fragment_size_max - 1);
}

}  // namespace
}  // namespace corebuf
