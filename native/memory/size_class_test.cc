#include "memory/size_class.h"

#include <gtest/gtest.h>

#include "memory/page_table.h"

namespace corebuf {
namespace {

TEST(SizeClass, HoldsEverySizeInTheSmallestSlotThatFits) {
  for (size_t size = 1; size <= slot_size_max; ++size) {
    const size_t found = size_class_of(size);
    ASSERT_LT(found, size_classes);
    ASSERT_GE(slot_sizes[found], size);
    if (found > 0) {
      ASSERT_LT(slot_sizes[found - 1], size);
    }
  }
}

TEST(SizeClass, GrowsByAQuarterAtMostFrom64BytesTo16KiB) {
  for (size_t at = 1; at < size_classes; ++at) {
    ASSERT_GT(slot_sizes[at], slot_sizes[at - 1]);
    ASSERT_TRUE(is_aligned(slot_sizes[at], slot_granularity));
    if (slot_sizes[at - 1] >= 64 && slot_sizes[at] <= slot_size_fine) {
      ASSERT_LE(slot_sizes[at] - slot_sizes[at - 1], slot_sizes[at - 1] / 4);
    }
  }
}

TEST(SizeClass, CutsSlabsIntoFourSlotsOrMoreThatAreAllInside) {
  for (size_t at = 0; at < size_classes; ++at) {
    const size_t slab = page_size << slab_order(at);
    EXPECT_GE(slab_slots(at), slot_sizes[at] <= slot_size_fine ? 8u : 4u);
    EXPECT_LE(slab_slots(at) * slot_sizes[at], slab);
    EXPECT_LE(slab_slots(at), 64 * slot_words_per_page << slab_order(at));  // its slots fit into the bits of its pages
  }
}

TEST(SizeClass, AlignsEverySlotToWhatItsSizePromises) {
  for (size_t at = 0; at < size_classes; ++at) {
    const size_t alignment = slot_alignment(slot_sizes[at]);
    EXPECT_GE(alignment, slot_granularity);
    EXPECT_LE(alignment, page_size << slab_order(at));
    for (size_t slot = 0; slot < slab_slots(at); ++slot) {
      ASSERT_TRUE(is_aligned(slot * slot_sizes[at], alignment));
    }
  }
  EXPECT_EQ(slot_alignment(4096), 4096u);
  EXPECT_EQ(slot_alignment(5120), 1024u);
}

}  // namespace
}  // namespace corebuf
