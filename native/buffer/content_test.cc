#include "buffer/content.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/fuzz_test_support.h"
#include "buffer/buffer_host_test_support.h"
#include "buffer/search.h"

namespace corebuf {
namespace {

class Content : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(host.live(), 0u); }

  /// `text` in fragments of these lengths, repeated.
  iobuf cut(std::string_view text, std::initializer_list<size_t> lengths) {
    iobuf made;
    for (auto length = lengths.begin(); !text.empty(); ++length) {
      if (length == lengths.end()) length = lengths.begin();
      iobuf piece;
      EXPECT_TRUE(piece.append(*host, bytes_of(text.substr(0, *length))));
      made.take(*host, piece);
      text.remove_prefix(std::min(*length, text.size()));
    }
    return made;
  }

  static void overwrite(iobuf& chain, size_t position, std::string_view with) {
    const fragment* at = chain.front();
    for (; position >= at->length; at = iobuf::next(at)) position -= at->length;
    for (const std::byte each : bytes_of(with)) {
      if (position == at->length) at = iobuf::next(at), position = 0;
      at->data[position++] = each;
    }
  }

  size_t found(const iobuf& chain, std::string_view needle, size_t from = 0) {
    return find(chain, bytes_of(needle), from).value();
  }

  buffer_host host;
  const acting_as here{host->id()};
};

TEST_F(Content, EqualsWhateverTheFragments) {
  const std::string text = letters(1000);
  iobuf one = cut(text, {1, 7, 100}), other = cut(text, {13, 400}), shorter = cut(text.substr(1), {50});
  EXPECT_TRUE(equals(one, other));
  EXPECT_TRUE(equals(one, one));
  EXPECT_TRUE(equals(one, bytes_of(text)));
  EXPECT_FALSE(equals(one, shorter));
  for (const size_t at : {0, 1, 8, 107, 999}) {
    std::string changed = text;
    changed[at] ^= 1;
    EXPECT_FALSE(equals(one, bytes_of(changed))) << at;
  }
  for (iobuf* each : {&one, &other, &shorter}) each->release(*host);
  EXPECT_TRUE(equals(one, other));
  EXPECT_TRUE(equals(one, std::span<const std::byte>()));
}

TEST_F(Content, ComparesBytesWithoutASignAndThenLengths) {
  iobuf high = cut("ab\xff", {1}), low = cut("abc", {2}), longer = cut("abcd", {3});
  EXPECT_EQ(compare(high, low), 1);
  EXPECT_EQ(compare(low, high), -1);
  EXPECT_EQ(compare(low, longer), -1);
  EXPECT_EQ(compare(longer, low), 1);
  EXPECT_EQ(compare(low, low), 0);
  EXPECT_EQ(compare(low, bytes_of("abc")), 0);
  EXPECT_EQ(compare(low, bytes_of("")), 1);
  for (iobuf* each : {&high, &low, &longer}) each->release(*host);
  EXPECT_EQ(compare(low, bytes_of("a")), -1);
}

TEST_F(Content, MatchesAtAnyPosition) {
  const std::string text = letters(300);
  iobuf chain = cut(text, {1, 30}), part = cut(text.substr(25, 60), {7});
  for (size_t position = 0; position <= text.size(); ++position) {
    ASSERT_EQ(matches_at(chain, position, part), text.compare(position, 60, text, 25, 60) == 0) << position;
    ASSERT_TRUE(matches_at(chain, position, bytes_of(text.substr(position))));
  }
  EXPECT_FALSE(starts_with(chain, bytes_of(text + "x")));
  EXPECT_TRUE(starts_with(chain, bytes_of("")));
  chain.release(*host);
  part.release(*host);
}

TEST_F(Content, FindsWhatLiesInOneFragmentAcrossTwoAndAcrossMany) {
  iobuf chain = cut("abcdefghijklmnopqrstuvwxyz", {5, 1, 1, 10});
  EXPECT_EQ(found(chain, "a"), 0u);
  EXPECT_EQ(found(chain, "bcd"), 1u);
  EXPECT_EQ(found(chain, "ef"), 4u);
  EXPECT_EQ(found(chain, "defghij"), 3u);
  EXPECT_EQ(found(chain, "abcdefghijklmnopqrstuvwxyz"), 0u);
  EXPECT_EQ(found(chain, "z"), 25u);
  EXPECT_EQ(found(chain, "zz"), not_found);
  EXPECT_EQ(found(chain, "abcdefghijklmnopqrstuvwxyz!"), not_found);
  EXPECT_EQ(found(chain, "ef", 4), 4u);
  EXPECT_EQ(found(chain, "ef", 5), not_found);
  EXPECT_EQ(found(chain, "", 26), 26u);
  EXPECT_EQ(found(chain, "z", 26), not_found);
  chain.release(*host);
  EXPECT_EQ(found(chain, "a"), not_found);
  EXPECT_EQ(found(chain, ""), 0u);
}

/// Few different bytes, so that nearly every position nearly matches.
TEST_F(Content, FindsWhatAStringFinds) {
  std::mt19937_64 random = seeded_random();
  for (size_t round = test_ops(2000); round > 0; --round) {
    const bool large = random() % 16 == 0;
    const size_t variety = 1 + random() % 3;
    std::string text(random() % (large ? 60'000 : 600), ' ');
    for (char& each : text) each = static_cast<char>('a' + random() % variety);
    iobuf chain = cut(text, {1 + random() % (large ? 20'000 : 40), 1 + random() % 10, 1 + random() % 900});
    const size_t from = random() % (text.size() + 1);
    const size_t length = 1 + random() % (random() % 4 == 0 ? 5000 : 40);
    std::string needle = text.substr(random() % (text.size() + 1), length);
    if (!needle.empty() && random() % 4 == 0) needle[random() % needle.size()] = 'x';
    ASSERT_EQ(found(chain, needle, from), text.find(needle, from))
        << text.size() << ' ' << needle.size() << ' ' << from;
    chain.release(*host);
  }
}

/// Wherever the borders of the scratch lie.
TEST_F(Content, FindsANeedleAtEachPlace) {
  constexpr std::string_view needle = "needle";
  for (const auto& lengths : {std::initializer_list<size_t>{100}, {7000, 100, 3, 90}, {4107, 2, 4108}}) {
    iobuf chain = cut(std::string(40'000, '.'), lengths);
    for (size_t position = 0; position + needle.size() <= chain.length(); ++position) {
      overwrite(chain, position, needle);
      ASSERT_EQ(found(chain, needle), position);
      overwrite(chain, position, "......");
    }
    chain.release(*host);
  }
}

TEST(Search, FindsANeedleAtEachPlaceOfEachLength) {
  for (size_t length = 1; length < 70; ++length) {
    const std::string needle = std::string(length - 1, 'a') + 'b';
    for (size_t position = 0; position < 70; ++position) {
      const std::string text = std::string(position, 'a') + needle + std::string(position % 7, 'a');
      ASSERT_EQ(search(bytes_of(text), bytes_of(needle)), position) << length;
      ASSERT_EQ(search(bytes_of(text).first(position + length - 1), bytes_of(needle)), SIZE_MAX) << length;
    }
  }
}

}  // namespace
}  // namespace corebuf
