#include "turn/external_memory.h"

#include "base/bytes.h"

namespace corebuf {

namespace {

constexpr int64_t report_step = 8 * MiB;

}  // namespace

void external_memory::report(size_t live_bytes) {
  const int64_t changed = static_cast<int64_t>(live_bytes) - reported_;
  if (changed < report_step && changed > -report_step) return;
  adjust(changed);
  reported_ += changed;
}

}  // namespace corebuf
