// What the ArrayBuffers under views show: memory of one buffer, or of one slab of small ones.
#include "buffer/window.h"

#include <gtest/gtest.h>

#include <vector>

#include "buffer/buffer_host_test_support.h"
#include "memory/shard_heap.h"

namespace corebuf {
namespace {

class Window : public testing::Test {
 protected:
  void TearDown() override { EXPECT_TRUE(all_home({&home, &away})); }

  /// A chain of one fragment with all bytes of a new buffer.
  iobuf filled(size_t length, size_t alignment = 1) {
    return home.act([&](shard& here) {
      iobuf made;
      buffer* of = buffer::make(here, length, alignment);
      EXPECT_NE(of, nullptr);
      EXPECT_TRUE(made.append_reference(here, *of));
      return made;
    });
  }

  iobuf part_of(iobuf& whole, size_t start, size_t length) {
    return home.act([&](shard& here) {
      iobuf part;
      chain_position from;
      EXPECT_TRUE(whole.share(here, start, length, part, from));
      return part;
    });
  }

  void release(iobuf& chain) {
    home.act([&](shard& here) { chain.release(here); });
  }

  static void expect_inside(const fragment& shown, const window& by) {
    EXPECT_GE(shown.data, by.start);
    EXPECT_LE(shown.end(), by.start + by.length);
  }

  buffer_host home, away;
};

TEST_F(Window, ShowsABufferOfAPageOrMoreAndNothingOfItsSlotBehindIt) {
  for (size_t length : {page_size, page_size + 1, 100'000ul, slot_size_max, slot_size_max + 1, 5 * MiB}) {
    iobuf chain = filled(length);
    const window shown = window_of(*chain.front());
    EXPECT_EQ(shown.start, chain.front()->data);
    EXPECT_EQ(shown.length, length);
    release(chain);
  }
}

TEST_F(Window, ShowsASmallBufferInALargeSlotAlone) {
  iobuf chain = filled(100, page_size);
  const window shown = window_of(*chain.front());
  EXPECT_EQ(shown.start, chain.front()->data);
  EXPECT_EQ(shown.length, 100u);
  release(chain);
}

TEST_F(Window, ShowsTheSlabOfSmallBuffersAndNoOtherSlot) {
  for (size_t at = 0; slot_sizes[at] < page_size; ++at) {
    std::vector<iobuf> chains;
    for (size_t count = 0; count < 100; ++count) chains.push_back(filled(slot_sizes[at]));
    for (const iobuf& chain : chains) {
      const window shown = window_of(*chain.front());
      expect_inside(*chain.front(), shown);
      EXPECT_LE(shown.length, window::small_max);
      const shard_heap& heap = shard_heap::of(home->id());
      for (size_t offset = 0; offset + slot_sizes[at] <= shown.length; offset += slot_sizes[at]) {
        EXPECT_EQ(heap.usable_size(shown.start + offset), slot_sizes[at]);
      }
    }
    for (iobuf& chain : chains) release(chain);
  }
}

TEST_F(Window, ShowsAPartOf64KiBAroundASmallFragmentOfALargeBuffer) {
  iobuf whole = filled(1 * MiB + 77);
  for (size_t start = 0; start < whole.length(); start += 1021) {
    const size_t length = std::min(start % window::small + 1, whole.length() - start);
    iobuf part = part_of(whole, start, std::min(length, window::small - 1));
    const window shown = window_of(*part.front());
    expect_inside(*part.front(), shown);
    EXPECT_LE(shown.length, window::small_max);
    EXPECT_GE(shown.start, whole.front()->data);
    EXPECT_LE(shown.start + shown.length, whole.front()->end());
    release(part);
  }
  release(whole);
}

TEST_F(Window, IsTheSameOnAnotherShardAndThroughAProxy) {
  iobuf whole = filled(9000);
  const window expected = window_of(*whole.front());
  const size_t length = whole.length();
  intrusive_list<homebound> travelling = home.act([&](shard& here) { return whole.depart(here); });
  iobuf foreign = iobuf::arrive(travelling, length);
  away.act([&](shard& here) {
    iobuf part;
    chain_position from;
    ASSERT_TRUE(foreign.share(here, 0, 5000, part, from));
    for (const iobuf* chain : {&foreign, &part}) {
      EXPECT_EQ(window_of(*chain->front()).start, expected.start);
      EXPECT_EQ(window_of(*chain->front()).length, expected.length);
    }
    part.release(here);
    foreign.release(here);
  });
}

}  // namespace
}  // namespace corebuf
