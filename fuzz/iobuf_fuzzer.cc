// The input becomes operations on the chains of three shards: every operation, chains that move and come home
// in any order, shares of foreign fragments, memory that runs out. The model knows the bytes that each chain
// should have (chain_model_test_support.h).
//   tools/fuzz.sh [seconds]
#include "buffer/chain_model_test_support.h"
#include "choices.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace corebuf;
  static buffer_host first, second, third;  // attaching costs more than most inputs
  const std::array hosts = {&first, &second, &third};
  choices given(data, size);
  chain_model model(hosts, given);
  while (!given.empty()) model.step();
  model.release_all();
  expect_all_home(hosts);
  return 0;
}
