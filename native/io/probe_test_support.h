// For tests: a request that an engine is given by itself.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "io/io_request.h"
#include "io/scratch_file_test_support.h"

namespace corebuf::test {

/// A request with room for its vectors that remembers what became of it.
struct probe : io_request {
  static constexpr int64_t untouched = INT64_MIN;

  probe(io_op asked, int file, uint64_t at, std::vector<iovec> bytes = {}) : parts(std::move(bytes)) {
    op = asked;
    fd = file;
    offset = at;
    vectors = parts.data();
    vector_count = static_cast<uint32_t>(parts.size());
    result = untouched;
    complete = [](io_request& request) { ++static_cast<probe&>(request).completions; };
  }
  probe(const probe&) = delete;

  std::vector<iovec> parts;
  int completions = 0;
};

/// To its end; its result.
inline int64_t run(io_engine& engine, probe& request) {
  engine.submit(request);
  run_until_idle(engine);
  EXPECT_EQ(request.completions, 1);
  return request.result;
}

}  // namespace corebuf::test
