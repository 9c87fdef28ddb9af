// For tests: a single request for an engine.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "base/os_system.h"
#include "io/io_request.h"
#include "io/scratch_file_test_support.h"

namespace corebuf::test {

/// A request with storage for its vectors, which counts how often it completed.
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

/// Whether the result says that this binary lacks the operation, as one that is not for Linux may.
inline bool lacks(int64_t result) { return result == -EOPNOTSUPP && std::strcmp(os_system(), "linux") != 0; }

/// Runs the request to its end and returns its result.
inline int64_t run(io_engine& engine, probe& request) {
  engine.submit(request);
  run_until_idle(engine);
  EXPECT_EQ(request.completions, 1);
  return request.result;
}

}  // namespace corebuf::test
