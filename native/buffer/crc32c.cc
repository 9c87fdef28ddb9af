#include "buffer/crc32c.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <arm_neon.h>

#include "buffer/os_arm.h"
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
#define COREBUF_CRC32C_TARGET __attribute__((target("sse4.2,crc32,pclmul")))
/// Not __builtin_cpu_supports, which needs a symbol that not every compiler's library has.
bool has_instructions() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned wanted = bit_SSE4_2 | bit_PCLMUL;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & wanted) == wanted;
}
COREBUF_CRC32C_TARGET inline uint64_t step_word(uint64_t crc, uint64_t bytes) {
  return __builtin_ia32_crc32di(crc, bytes);
}
COREBUF_CRC32C_TARGET inline uint32_t step_byte(uint32_t crc, uint8_t byte) {
  return __builtin_ia32_crc32qi(crc, byte);
}
COREBUF_CRC32C_TARGET inline uint64_t multiply(uint64_t one, uint64_t other) {
  const __m128i first = _mm_cvtsi64_si128(static_cast<long long>(one));
  const __m128i second = _mm_cvtsi64_si128(static_cast<long long>(other));
  return static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_clmulepi64_si128(first, second, 0)));
}
#elif defined(__aarch64__)
#define COREBUF_CRC32C_TARGET __attribute__((target("+crc+aes+crypto")))
bool has_instructions() { return arm_has_crc_and_pmull(); }
COREBUF_CRC32C_TARGET inline uint64_t step_word(uint64_t crc, uint64_t bytes) {
  return __crc32cd(static_cast<uint32_t>(crc), bytes);
}
COREBUF_CRC32C_TARGET inline uint32_t step_byte(uint32_t crc, uint8_t byte) {
  return __crc32cb(crc, byte);
}
COREBUF_CRC32C_TARGET inline uint64_t multiply(uint64_t one, uint64_t other) {
  return static_cast<uint64_t>(vmull_p64(static_cast<poly64_t>(one), static_cast<poly64_t>(other)));
}
#endif

#ifdef COREBUF_CRC32C_TARGET

constexpr size_t streams = 3;
/// Words of a stream between two times that the streams are combined, and the least for which that pays.
constexpr size_t stream_words_max = 128;
constexpr size_t stream_words_min = 6;
constexpr size_t streamed_min = streams * stream_words_min * word;

/// For each number of words: the factor that moves a register over so many words of zeros. A product of two
/// reflected 32-bit polynomials comes out one bit off, and the instruction that reduces it multiplies it by
/// x^32, so the factor is x^(64 * words - 33).
constexpr std::array<uint32_t, 2 * stream_words_max + 1> make_shifts() {
  std::array<uint32_t, 2 * stream_words_max + 1> shifts{};
  uint32_t power = uint32_t{1} << 31;  // 1: the highest bit is x^0
  for (size_t exponent = 1; exponent <= 64 * 2 * stream_words_max - 33; ++exponent) {
    power = (power >> 1) ^ ((power & 1) != 0 ? polynomial : 0);
    if ((exponent + 33) % 64 == 0) shifts[(exponent + 33) / 64] = power;
  }
  return shifts;
}

constexpr auto shifts = make_shifts();

/// Three streams of `words` words each, because the instruction takes one word per cycle but has a latency of
/// three cycles: Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32 Instruction", Intel
/// 2011.
COREBUF_CRC32C_TARGET inline uint64_t step_streams(uint64_t crc, const std::byte* at, size_t words) {
  const std::byte* const second = at + words * word;
  const std::byte* const third = second + words * word;
  uint64_t crc_second = 0;
  uint64_t crc_third = 0;
  for (size_t byte = 0; byte < words * word; byte += word) {
    crc = step_word(crc, load_word(at + byte));
    crc_second = step_word(crc_second, load_word(second + byte));
    crc_third = step_word(crc_third, load_word(third + byte));
  }
  return crc_third ^ step_word(0, multiply(crc, shifts[2 * words]) ^ multiply(crc_second, shifts[words]));
}

COREBUF_CRC32C_TARGET inline uint32_t step_all(uint64_t crc, std::span<const std::byte> bytes) {
  const std::byte* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= word; left -= word, at += word) crc = step_word(crc, load_word(at));
  auto narrow = static_cast<uint32_t>(crc);
  for (; left > 0; --left, ++at) narrow = step_byte(narrow, static_cast<uint8_t>(*at));
  return narrow;
}

/// Out of line, so that short input pays nothing for it.
COREBUF_CRC32C_TARGET __attribute__((noinline)) uint32_t step_all_streamed(uint64_t crc,
                                                                           std::span<const std::byte> bytes) {
  while (bytes.size() >= streamed_min) {
    const size_t words = std::min(stream_words_max, bytes.size() / (streams * word));
    crc = step_streams(crc, bytes.data(), words);
    bytes = bytes.subspan(streams * words * word);
  }
  return step_all(crc, bytes);
}

COREBUF_CRC32C_TARGET uint32_t crc32c_instruction(uint32_t seed, std::span<const std::byte> bytes) {
  const uint32_t crc = ~seed;
  return ~(bytes.size() < streamed_min ? step_all(crc, bytes) : step_all_streamed(crc, bytes));
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
  static const bool instructions = has_instructions();
  if (instructions) return crc32c_instruction(seed, bytes);
#endif
  return crc32c_portable(seed, bytes);
}

}  // namespace corebuf
