#include "buffer/xxhash64.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "base/fuzz_test_support.h"

namespace corebuf {
namespace {

constexpr uint64_t prime_32 = 2654435761;
constexpr uint64_t prime_64 = 11400714785074694797u;

/// The bytes that the sanity test of xxHash's own distribution generates (cli/xsum_sanity_check.c).
std::vector<std::byte> sanity_bytes(size_t length) {
  std::vector<std::byte> made(length);
  uint64_t generator = prime_32;
  for (std::byte& each : made) {
    each = static_cast<std::byte>(generator >> 56);
    generator *= prime_64;
  }
  return made;
}

uint64_t digest_of(std::span<const std::byte> bytes, uint64_t seed = 0) {
  xxhash64 hash(seed);
  hash.add(bytes);
  return hash.digest();
}

uint64_t digest_of(std::string_view text, uint64_t seed = 0) {
  return digest_of(std::as_bytes(std::span(text)), seed);
}

TEST(Xxhash64, AgreesWithTheOfficialVectors) {
  const std::vector<std::byte> sanity = sanity_bytes(222);
  const auto first = [&](size_t length) { return std::span(sanity).first(length); };
  EXPECT_EQ(digest_of(first(0)), 0xef46db3751d8e999u);
  EXPECT_EQ(digest_of(first(0), prime_32), 0xac75fda2929b17efu);
  EXPECT_EQ(digest_of(first(1)), 0xe934a84adb052768u);
  EXPECT_EQ(digest_of(first(1), prime_32), 0x5014607643a9b4c3u);
  EXPECT_EQ(digest_of(first(4)), 0x9136a0dca57457eeu);
  EXPECT_EQ(digest_of(first(14)), 0x8282dcc4994e35c8u);
  EXPECT_EQ(digest_of(first(14), prime_32), 0xc3bd6bf63deb6df0u);
  EXPECT_EQ(digest_of(first(222)), 0xb641ae8cb691c174u);
  EXPECT_EQ(digest_of(first(222), prime_32), 0x20cb8ab7ae10c14au);
}

TEST(Xxhash64, AgreesWithVectorsOfOthersForTexts) {
  EXPECT_EQ(digest_of("a"), 0xd24ec4f1a98c6e5bu);
  EXPECT_EQ(digest_of("abc"), 0x44bc2cf5ad770999u);
  EXPECT_EQ(digest_of("Nobody inspects the spammish repetition"), 0xfbcea83c8a378bf1u);
  EXPECT_EQ(digest_of("xxhash", 20141025), 0xb559b98d844e0635u);
}

TEST(Xxhash64, IsTheSameHoweverTheBytesCome) {
  std::mt19937_64 random = seeded_random();
  const std::vector<std::byte> data = sanity_bytes(5000);
  for (size_t length = 0; length < data.size(); length += 1 + random() % 40) {
    const std::span<const std::byte> bytes = std::span(data).first(length);
    const uint64_t seed = random();
    xxhash64 hash(seed);
    for (size_t at = 0; at < length;) {
      const size_t piece = std::min<size_t>(random() % 90, length - at);
      hash.add(bytes.subspan(at, piece));
      at += piece;
      ASSERT_EQ(hash.digest(), digest_of(bytes.first(at), seed));
    }
    ASSERT_EQ(hash.digest(), digest_of(bytes, seed)) << length;
  }
}

}  // namespace
}  // namespace corebuf
