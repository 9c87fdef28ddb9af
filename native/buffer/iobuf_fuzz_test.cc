// Random operations on chains and on strings. fuzz/iobuf_fuzzer.cc does the same, led by a fuzzer.
#include <gtest/gtest.h>

#include "base/fuzz_test_support.h"
#include "buffer/chain_model_test_support.h"

namespace corebuf {
namespace {

struct random_choices {
  std::mt19937_64 random = seeded_random();
  size_t below(size_t end) { return random() % end; }
};

void fuzz(size_t budget, size_t ops) {
  random_choices random;
  buffer_host first(budget), second(budget), third(budget);
  const std::array hosts = {&first, &second, &third};
  chain_model model(hosts, random);
  for (size_t step = 0; step < ops; ++step) {
    model.step();
    if (step % 2048 == 0) first.act([](shard& here) { here.invariant(); });
  }
  model.release_all();
  expect_all_home(hosts);
}

TEST(IobufFuzz, BehavesLikeAString) { fuzz(256 * MiB, test_ops(40'000)); }

TEST(IobufFuzz, BehavesLikeAStringWhenMemoryIsShort) { fuzz(shard_heap::budget_min, test_ops(40'000)); }

}  // namespace
}  // namespace corebuf
