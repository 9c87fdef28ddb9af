// The engine that only one system has.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "io/io_engine.h"

namespace corebuf {

/// When the kernel makes completions, best first.
enum class uring_setup : uint8_t {
  defer,  // when the thread enters the kernel for them: no interruption, warm CPU caches (Linux 6.1)
  coop,   // at the next system call of the thread, whatever it is (Linux 5.19)
  plain,  // at once, interrupting the thread
};

/// Most requests that an io_uring has in the kernel.
inline constexpr uint32_t uring_queue_depth = 256;

/// To be called on the thread that will use the engine. The errno of the kernel where io_uring is forbidden (EPERM) or missing (ENOSYS);
/// EOPNOTSUPP in a binary for a system that has none.
result<std::unique_ptr<io_engine>> open_uring(uring_setup setup = uring_setup::defer);

}  // namespace corebuf
