#include "buffer/crc32c.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "base/fuzz_test_support.h"

namespace corebuf {
namespace {

using bytes = std::vector<std::byte>;

bytes random_bytes(std::mt19937_64& random, size_t length) {
  bytes made(length);
  for (std::byte& each : made) each = static_cast<std::byte>(random());
  return made;
}

void expect_both(uint32_t expected, std::span<const std::byte> of) {
  EXPECT_EQ(crc32c(0, of), expected);
  EXPECT_EQ(crc32c_portable(0, of), expected);
}

TEST(Crc32c, AgreesWithThePublishedVectors) {
  expect_both(0xe3069283, std::as_bytes(std::span(std::string_view("123456789"))));
  expect_both(0x8a9136aa, bytes(32, std::byte{0}));  // this and the next three: RFC 3720, B.4
  expect_both(0x62a8ab43, bytes(32, std::byte{0xff}));
  bytes up(32), down(32);
  for (size_t at = 0; at < 32; ++at) up[at] = down[31 - at] = static_cast<std::byte>(at);
  expect_both(0x46dd794e, up);
  expect_both(0x113fdb5c, down);
  expect_both(0, {});
}

TEST(Crc32c, IsTheSameWithAndWithoutTheInstructionAtEveryAlignmentAndLength) {
  std::mt19937_64 random = seeded_random();
  const bytes data = random_bytes(random, 600);
  for (size_t start = 0; start < 16; ++start) {
    for (size_t length = 0; length < 550; ++length) {
      const std::span<const std::byte> part(data.data() + start, length);
      const auto seed = static_cast<uint32_t>(random());
      ASSERT_EQ(crc32c(seed, part), crc32c_portable(seed, part)) << start << " " << length;
    }
  }
}

TEST(Crc32c, IsTheSameWhereItsStreamsBeginAndAreBroughtTogether) {
  std::mt19937_64 random = seeded_random();
  const bytes data = random_bytes(random, 20'000);
  for (const size_t edge : {144, 168, 1024, 3072, 3072 + 144, 2 * 3072, 16'384}) {
    for (size_t length = edge - 30; length < edge + 30; ++length) {
      const std::span<const std::byte> part(data.data() + random() % 9, length);
      const auto seed = static_cast<uint32_t>(random());
      ASSERT_EQ(crc32c(seed, part), crc32c_portable(seed, part)) << length;
    }
  }
}

TEST(Crc32c, ContinuesAcrossSplits) {
  std::mt19937_64 random = seeded_random();
  const bytes data = random_bytes(random, 20'000);
  const uint32_t whole = crc32c(0, data);
  EXPECT_EQ(crc32c_portable(0, data), whole);
  for (int round = 0; round < 200; ++round) {
    uint32_t continued = 0;
    for (size_t at = 0; at < data.size();) {
      const size_t length = std::min<size_t>(random() % 3000, data.size() - at);
      const std::span<const std::byte> part(data.data() + at, length);
      continued = random() % 2 == 0 ? crc32c(continued, part) : crc32c_portable(continued, part);
      at += length;
    }
    ASSERT_EQ(continued, whole);
  }
}

}  // namespace
}  // namespace corebuf
