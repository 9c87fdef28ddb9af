#include "buffer/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__aarch64__) && defined(__linux__)
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace corebuf {

namespace {

constexpr uint32_t polynomial = 0x82f63b78;
constexpr size_t word = sizeof(uint64_t);

using byte_table = std::array<std::array<uint32_t, 256>, word>;

/// Slicing by 8 (Kounavis and Berry, 2005): table[k] advances a byte over k more bytes of zeros.
constexpr byte_table make_tables() {
  byte_table tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t table = 1; table < word; ++table) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[table - 1][byte];
      tables[table][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr byte_table tables = make_tables();

uint64_t load_word(const std::byte* at) {
  uint64_t loaded;
  std::memcpy(&loaded, at, word);
  return loaded;
}

uint32_t step_portable(uint32_t crc, std::byte byte) {
  return (crc >> 8) ^ tables[0][(crc ^ static_cast<uint32_t>(byte)) & 0xff];
}

#if defined(__x86_64__)
#define COREBUF_CRC32C_TARGET __attribute__((target("sse4.2")))
bool has_instruction() { return __builtin_cpu_supports("sse4.2") != 0; }
COREBUF_CRC32C_TARGET inline uint64_t step_word(uint64_t crc, uint64_t bytes) { return __builtin_ia32_crc32di(crc, bytes); }
COREBUF_CRC32C_TARGET inline uint32_t step_byte(uint32_t crc, uint8_t byte) { return __builtin_ia32_crc32qi(crc, byte); }
#elif defined(__aarch64__) && defined(__linux__)
#define COREBUF_CRC32C_TARGET __attribute__((target("+crc")))
bool has_instruction() { return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }
COREBUF_CRC32C_TARGET inline uint64_t step_word(uint64_t crc, uint64_t bytes) {
  return __builtin_aarch64_crc32cx(static_cast<uint32_t>(crc), bytes);
}
COREBUF_CRC32C_TARGET inline uint32_t step_byte(uint32_t crc, uint8_t byte) { return __builtin_aarch64_crc32cb(crc, byte); }
#endif

#ifdef COREBUF_CRC32C_TARGET
COREBUF_CRC32C_TARGET uint32_t crc32c_instruction(uint32_t seed, std::span<const std::byte> bytes) {
  uint64_t crc = ~seed;
  const std::byte* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= word; left -= word, at += word) crc = step_word(crc, load_word(at));
  auto narrow = static_cast<uint32_t>(crc);
  for (; left > 0; --left, ++at) narrow = step_byte(narrow, static_cast<uint8_t>(*at));
  return ~narrow;
}
#endif

}  // namespace

uint32_t crc32c_portable(uint32_t seed, std::span<const std::byte> bytes) {
  uint32_t crc = ~seed;
  const std::byte* at = bytes.data();
  size_t left = bytes.size();
  if constexpr (std::endian::native == std::endian::little) {
    for (; left >= word; left -= word, at += word) {
      const uint64_t mixed = load_word(at) ^ crc;
      crc = 0;
      for (size_t byte = 0; byte < word; ++byte) crc ^= tables[word - 1 - byte][mixed >> (8 * byte) & 0xff];
    }
  }
  for (; left > 0; --left, ++at) crc = step_portable(crc, *at);
  return ~crc;
}

uint32_t crc32c(uint32_t seed, std::span<const std::byte> bytes) {
#ifdef COREBUF_CRC32C_TARGET
  static const bool instruction = has_instruction();
  if (instruction) return crc32c_instruction(seed, bytes);
#endif
  return crc32c_portable(seed, bytes);
}

}  // namespace corebuf
