#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace corebuf {

void assert_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "corebuf: broken invariant: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace corebuf
