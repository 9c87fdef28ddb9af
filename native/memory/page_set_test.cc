#include "memory/page_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/fuzz_test_support.h"

namespace corebuf {
namespace {

constexpr size_t pages = 1000;

TEST(PageSet, CountsOnlyWhatChanges) {
  std::array<uint64_t, page_set::bytes_for(pages) / 8> words{};
  page_set set(words.data());
  EXPECT_EQ(set.add(60, 10), 10u);
  EXPECT_EQ(set.add(60, 10), 0u);
  EXPECT_EQ(set.add(0, 64), 60u);
  EXPECT_EQ(set.count(0, pages), 70u);
  EXPECT_EQ(set.remove(63, 2), 2u);
  EXPECT_EQ(set.remove(63, 2), 0u);
  EXPECT_EQ(set.count(0, pages), 68u);
  EXPECT_EQ(set.count(63, 0), 0u);
}

TEST(PageSet, BehavesLikeAVectorOfBools) {
  std::mt19937_64 random = seeded_random();
  std::array<uint64_t, page_set::bytes_for(pages) / 8> words{};
  page_set set(words.data());
  std::vector<bool> model(pages);
  for (int step = 0; step < 20'000; ++step) {
    const size_t first = random() % pages;
    const size_t count = random() % (pages - first + 1);
    const auto begin = model.begin() + static_cast<ptrdiff_t>(first);
    const auto end = begin + static_cast<ptrdiff_t>(count);
    const auto present = static_cast<size_t>(std::count(begin, end, true));
    switch (random() % 3) {
      case 0:
        ASSERT_EQ(set.add(static_cast<page_number>(first), count), count - present);
        std::fill(begin, end, true);
        break;
      case 1:
        ASSERT_EQ(set.remove(static_cast<page_number>(first), count), present);
        std::fill(begin, end, false);
        break;
      default:
        ASSERT_EQ(set.count(static_cast<page_number>(first), count), present);
    }
  }
}

}  // namespace
}  // namespace corebuf
