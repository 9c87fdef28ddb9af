// Shared by random tests: a seed that is printed and can be given again (COREBUF_SEED), and sizes that the
// environment can change. Sanitizers make everything ten times slower, so their default is a tenth.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace corebuf {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

inline uint64_t test_number(const char* variable, uint64_t fallback) {
  const char* given = std::getenv(variable);
  return given == nullptr ? fallback : std::strtoull(given, nullptr, 0);
}

/// Operations of a model test.
inline size_t test_ops(size_t release_default) {
  return test_number("COREBUF_TEST_OPS", sanitized ? release_default / 10 : release_default);
}

/// A generator whose seed is in the report of the test.
inline std::mt19937_64 seeded_random() {
  const uint64_t seed = test_number("COREBUF_SEED", std::random_device{}());
  testing::Test::RecordProperty("seed", std::to_string(seed));
  std::printf("COREBUF_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return std::mt19937_64(seed);
}

}  // namespace corebuf
