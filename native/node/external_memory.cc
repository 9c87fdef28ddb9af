#include "node/external_memory.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"

namespace corebuf {

namespace {

constexpr int64_t report_step = 8 * MiB;
constexpr uint32_t windows_stay_since = 21;

}  // namespace

external_memory::external_memory(napi_env env) : env_(env) {
  const napi_node_version* version = nullptr;
  windows_stay_ = napi_get_node_version(env, &version) != napi_ok || version->major >= windows_stay_since;
}

void external_memory::window_made(size_t bytes) {
  if (!windows_stay_) return adjust(-static_cast<int64_t>(bytes));
  windows_ += static_cast<int64_t>(bytes);
}

void external_memory::window_collected(size_t bytes) {
  if (!windows_stay_) return adjust(static_cast<int64_t>(bytes));
  windows_ -= static_cast<int64_t>(bytes);
}

void external_memory::report(size_t live_bytes) {
  const int64_t wanted = std::max<int64_t>(static_cast<int64_t>(live_bytes) - windows_, 0);
  const int64_t changed = wanted - reported_;
  if (changed < report_step && changed > -report_step) return;
  adjust(changed);
  reported_ = wanted;
}

void external_memory::adjust(int64_t bytes) {
  int64_t total = 0;
  napi_adjust_external_memory(env_, bytes, &total);
}

}  // namespace corebuf
