// POSIX has no pinning and no masks.
#include <algorithm>
#include <thread>

#include "shard/os_cpu.h"

namespace corebuf {

const std::vector<int>& cpus_allowed() {
  // Never destroyed, because threads may still read it while the process exits.
  static const auto* const unknown = new std::vector<int>;
  return *unknown;
}

size_t cpus_usable() { return std::max<size_t>(std::thread::hardware_concurrency(), 1); }

bool pin_thread(int) { return false; }

void unpin_thread() {}

}  // namespace corebuf
