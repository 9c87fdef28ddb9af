#include "buffer/iobuf.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "buffer/buffer_host_test_support.h"
#include "buffer/crc32c.h"
#include "buffer/fragment_size.h"

namespace corebuf {
namespace {

/// Most tests need one shard, and act as it.
class Iobuf : public testing::Test {
 protected:
  void TearDown() override {
    chain.release(here);
    other.release(here);
    EXPECT_EQ(host.live(), 0u);
  }

  void append(iobuf& to, std::string_view text) { ASSERT_TRUE(to.append(here, bytes_of(text))); }

  /// One fragment of exactly these bytes.
  void append_fragment(iobuf& to, std::string_view text) {
    iobuf added;
    append(added, text);
    to.take(here, added);
    to.seal();
  }

  static void expect(const iobuf& chain, std::string_view text) {
    chain.invariant();
    EXPECT_TRUE(text_of(chain) == text) << chain.length() << " bytes instead of " << text.size();
  }

  buffer_host host;
  shard& here = *host;
  acting_as acting{here.id()};
  iobuf chain, other;
};

TEST_F(Iobuf, IsEmptyWhenMadeAndAfterARelease) {
  expect(chain, "");
  EXPECT_TRUE(chain.empty());
  EXPECT_TRUE(chain.slack().empty());
  EXPECT_EQ(chain.crc32c(5), 5u);
  chain.release(here);
  append(chain, "");
  EXPECT_EQ(chain.fragment_count(), 0u);
  append(chain, "abc");
  chain.release(here);
  expect(chain, "");
  EXPECT_EQ(host.live(), 0u);
}

TEST_F(Iobuf, CopiesWhatIsAppendedIntoGrowingFragments) {
  std::string expected;
  for (size_t length = 1; length < 3000; length += 7) {
    const std::string text = letters(length, expected.size());
    append(chain, text);
    expected += text;
  }
  expect(chain, expected);
  EXPECT_LT(chain.fragment_count(), 30u);
  EXPECT_EQ(here.ledger_here().copied[static_cast<size_t>(copy_kind::append)], expected.size());
  EXPECT_EQ(here.ledger_here().moved, 0u);
  EXPECT_EQ(chain.crc32c(0), crc32c(0, bytes_of(expected)));
}

TEST_F(Iobuf, AppendsMoreThanAFragmentHoldsAtOnce) {
  const std::string text = letters(3 * fragment_size_max + 5);
  append(chain, text);
  expect(chain, text);
  EXPECT_EQ(chain.fragment_count(), 4u);
}

TEST_F(Iobuf, PublishesWhatWasWrittenIntoItsSlack) {
  append(chain, "head");
  const std::span<std::byte> slack = chain.slack();
  ASSERT_EQ(slack.size(), 508u);
  slack[0] = slack[1] = std::byte{'!'};
  expect(chain, "head");
  chain.publish(here, 2);
  expect(chain, "head!!");
  chain.publish(here, 0);
  chain.publish(here, 506);
  EXPECT_TRUE(chain.slack().empty());
  append(chain, "tail");
  EXPECT_EQ(chain.length(), 516u);
  EXPECT_EQ(chain.fragment_count(), 2u);
}

TEST_F(Iobuf, CopiesItselfBehindItself) {
  append_fragment(chain, letters(700));
  append_fragment(chain, "tail");
  ASSERT_TRUE(chain.append_copy(here, chain));
  expect(chain, letters(700) + "tail" + letters(700) + "tail");
}

TEST_F(Iobuf, TakesEverythingAndLeavesTheSourceEmptyAndUsable) {
  append(chain, "one");
  append(other, "two");
  chain.take(here, other);
  expect(chain, "onetwo");
  expect(other, "");
  other.take(here, chain);
  expect(other, "onetwo");
  append(other, "!");       // The slack has moved with it.
  EXPECT_EQ(other.fragment_count(), 2u);
  expect(other, "onetwo!");
}

TEST_F(Iobuf, TakesTheFrontAtAndBesideEveryEdge) {
  const std::string text = letters(30);
  for (size_t length = 0; length <= text.size(); ++length) {
    iobuf source, front;
    for (size_t at = 0; at < 30; at += 10) append_fragment(source, std::string_view(text).substr(at, 10));
    append_fragment(front, "before");
    ASSERT_TRUE(source.take_front(here, length, front));
    expect(front, "before" + text.substr(0, length));
    expect(source, text.substr(length));
    EXPECT_EQ(front.fragment_count(), 1 + (length + 9) / 10);
    EXPECT_EQ(source.fragment_count(), 3 - length / 10);
    source.release(here);
    expect(front, "before" + text.substr(0, length));  // The shared edge outlives the rest.
    front.release(here);
    ASSERT_EQ(host.live(), 0u);
  }
}

TEST_F(Iobuf, KeepsAppendingBehindAFrontThatWasTaken) {
  append(chain, "0123456789");
  ASSERT_TRUE(chain.take_front(here, 4, other));
  append(chain, "ab");
  append(other, "xy");
  expect(chain, "456789ab");
  expect(other, "0123xy");
}

TEST_F(Iobuf, SharesEveryRange) {
  const std::string text = letters(30);
  for (size_t at = 0; at < 30; at += 10) append_fragment(chain, std::string_view(text).substr(at, 10));
  const uint64_t copied = here.ledger_here().copied[static_cast<size_t>(copy_kind::append)];
  for (size_t start = 0; start <= 30; ++start) {
    for (size_t length = 0; start + length <= 30; ++length) {
      iobuf shared;
      ASSERT_TRUE(chain.share(here, start, length, shared));
      expect(shared, text.substr(start, length));
      shared.release(here);
    }
  }
  expect(chain, text);
  EXPECT_EQ(here.ledger_here().copied[static_cast<size_t>(copy_kind::append)], copied);
  ASSERT_TRUE(chain.share(here, 5, 20, chain));  // with itself
  expect(chain, text + text.substr(5, 20));
}

TEST_F(Iobuf, NeverShowsBytesAppendedToOneChainInAnother) {
  append(chain, "common");
  ASSERT_TRUE(chain.share(here, 0, 6, other));
  EXPECT_TRUE(other.slack().empty());
  append(chain, "-mine");
  append(other, "-yours");
  expect(chain, "common-mine");
  expect(other, "common-yours");
  iobuf front;
  ASSERT_TRUE(chain.take_front(here, 6, front));
  EXPECT_TRUE(front.slack().empty());
  append(front, "?");
  append(chain, "!");
  expect(front, "common?");
  expect(chain, "-mine!");
  front.release(here);
}

TEST_F(Iobuf, IsSealedWhenItDeparts) {
  append(chain, "abc");
  ASSERT_FALSE(chain.slack().empty());
  ::corebuf::intrusive_list<homebound> travelling = chain.depart(here);
  expect(chain, "");
  EXPECT_EQ(here.ledger_here().moved, 3u);
  chain = iobuf::arrive(travelling, 3);
  EXPECT_TRUE(travelling.empty());
  EXPECT_TRUE(chain.slack().empty());
  append(chain, "d");
  EXPECT_EQ(chain.fragment_count(), 2u);
  expect(chain, "abcd");
}

TEST_F(Iobuf, ArrivesAsTheChainsThatDepartedTogether) {
  append_fragment(chain, "one");
  append_fragment(chain, "two");
  append(other, "three");
  ::corebuf::intrusive_list<homebound> travelling = chain.depart(here);
  travelling.splice(other.depart(here));
  iobuf none = iobuf::arrive(travelling, 0);
  iobuf first = iobuf::arrive(travelling, 6), second = iobuf::arrive(travelling, 5);
  EXPECT_TRUE(none.empty());
  expect(first, "onetwo");
  expect(second, "three");
  chain.take(here, first);
  other.take(here, second);
}

TEST_F(Iobuf, TrimsItsFrontAtAndBesideEveryEdge) {
  const std::string text = letters(30);
  for (size_t length = 0; length <= 30; ++length) {
    iobuf trimmed;
    for (size_t at = 0; at < 30; at += 10) append_fragment(trimmed, std::string_view(text).substr(at, 10));
    trimmed.trim_front(here, length);
    expect(trimmed, text.substr(length));
    EXPECT_EQ(trimmed.fragment_count(), 3 - length / 10);
    trimmed.release(here);
  }
}

TEST_F(Iobuf, CopiesOutFromAnywhere) {
  const std::string text = letters(30);
  for (size_t at = 0; at < 30; at += 10) append_fragment(chain, std::string_view(text).substr(at, 10));
  for (size_t start = 0; start <= 31; ++start) {
    std::string into(12, '.');
    const size_t copied = chain.copy_out(start, std::as_writable_bytes(std::span(into)));
    const std::string expected = start > 30 ? "" : text.substr(start, 12);
    EXPECT_EQ(copied, expected.size());
    EXPECT_EQ(into, expected + std::string(12 - expected.size(), '.'));
  }
}

TEST_F(Iobuf, UnpinsWrappedBytesWhenTheLastReferenceIsGone) {
  int unpinned = 0;
  std::string pinned = "pinned bytes";
  const unpin_function unpin = [](shard&, void* count) { ++*static_cast<int*>(count); };
  auto* const data = reinterpret_cast<std::byte*>(pinned.data());
  buffer* wrapped = buffer::wrap(here, data, pinned.size(), unpin, &unpinned);
  ASSERT_TRUE(chain.append_reference(here, *wrapped));
  ASSERT_TRUE(chain.share(here, 7, 5, other));
  EXPECT_TRUE(chain.slack().empty());
  append(chain, "!");
  expect(chain, "pinned bytes!");
  EXPECT_EQ(pinned, "pinned bytes");
  chain.release(here);
  EXPECT_EQ(unpinned, 0);
  expect(other, "bytes");
  other.release(here);
  EXPECT_EQ(unpinned, 1);
}

TEST_F(Iobuf, ReferencesAnAlignedBufferWhole) {
  buffer* aligned = buffer::make(here, 8192, 4096);
  ASSERT_NE(aligned, nullptr);
  EXPECT_TRUE(is_aligned(address_of(aligned->data), 4096));
  ASSERT_TRUE(chain.append_reference(here, *aligned));
  EXPECT_EQ(chain.length(), 8192u);
  EXPECT_TRUE(chain.slack().empty());
}

/// Holds all memory of a shard and gives it back one part at a time, so that work fails at each of its
/// allocations in turn.
class scarcity {
 public:
  explicit scarcity(shard_heap& heap) : heap_(heap) {
    take_all(64 * KiB);
    for (auto size = slot_sizes.rbegin(); size != slot_sizes.rend(); ++size) take_all(*size);
  }
  ~scarcity() {
    while (!ballast_.empty()) ease();
  }

  void ease() {
    ASSERT(!ballast_.empty());
    heap_.free(ballast_.back());
    ballast_.pop_back();
  }

 private:
  void take_all(size_t size) {
    while (void* memory = heap_.allocate(size)) ballast_.push_back(memory);
    while (void* memory = heap_.allocate_record(size)) ballast_.push_back(memory);
  }

  shard_heap& heap_;
  std::vector<void*> ballast_;
};

TEST(IobufWithoutMemory, ChangesNothingAndLeaksNothingWhereverItFails) {
  using operation = bool (*)(shard&, iobuf& chain, iobuf& into);
  const operation operations[] = {
      [](shard& here, iobuf& chain, iobuf&) { return chain.append(here, bytes_of(letters(5000))); },
      [](shard& here, iobuf& chain, iobuf&) { return chain.append_copy(here, chain); },
      [](shard& here, iobuf& chain, iobuf&) { return chain.prepend(here, bytes_of(letters(5000))); },
      [](shard& here, iobuf& chain, iobuf&) { return chain.prepend_copy(here, chain); },
      [](shard& here, iobuf& chain, iobuf&) { return chain.reserve(here, 5000) != nullptr; },
      [](shard& here, iobuf& chain, iobuf&) { return chain.coalesce(here); },
      [](shard& here, iobuf& chain, iobuf& into) { return chain.share(here, 700, 4000, into); },
      [](shard& here, iobuf& chain, iobuf& into) { return chain.take_front(here, 4000, into); },
      [](shard& here, iobuf&, iobuf& into) {
        buffer* made = buffer::make(here, 9000, 4096);
        if (made == nullptr) return false;
        if (into.append_reference(here, *made)) return true;
        made->destroy(here);
        return false;
      },
  };
  for (const operation& work : operations) {
    buffer_host tiny(shard_heap::budget_min);
    const acting_as acting(tiny->id());
    shard& here = *tiny;
    iobuf chain, into;
    const std::string text = letters(5000);
    for (size_t at = 0; at < 5000; at += 500) ASSERT_TRUE(chain.append(here, bytes_of(text.substr(at, 500))));
    ASSERT_GT(chain.fragment_count(), 3u);
    size_t failures = 0;
    {
      scarcity scarce(here.heap());
      for (size_t live = tiny.live(); !work(here, chain, into); live = tiny.live(), ++failures) {
        ASSERT_EQ(tiny.live(), live);
        ASSERT_TRUE(into.empty());
        ASSERT_TRUE(text_of(chain) == text);
        chain.invariant();
        scarce.ease();
      }
    }
    EXPECT_GT(failures, 0u);
    chain.invariant();
    into.invariant();
    chain.release(here);
    into.release(here);
    EXPECT_EQ(tiny.live(), 0u);
    here.heap().invariant();
  }
}

}  // namespace
}  // namespace corebuf
