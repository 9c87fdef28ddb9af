// What is in chains: comparing, finding and checksums, at once or in slices (buffer/scan.h).
#pragma once

#include <node_api.h>

#include <cstddef>

namespace corebuf {

class environment;

/// The memory of one piece of work in slices, which JavaScript makes and keeps.
extern const size_t scan_state_size;

void bind_content(napi_env env, napi_value exports, environment& here);

}  // namespace corebuf
