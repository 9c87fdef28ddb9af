// Which processors this process may use, and pinning a thread to one of them.
#pragma once

#include <cstddef>
#include <vector>

namespace corebuf {

/// The processors that this process was given, in order: as the first call found them, before any thread was pinned. Empty
/// where the system does not tell.
const std::vector<int>& cpus_allowed();

/// How many threads can really run at once: the affinity mask, and no more than the cgroup's quota pays for. At least 1.
size_t cpus_usable();

/// False when the system refuses, or does not know pinning.
bool pin_thread(int cpu);

/// Lets this thread, which may have been begun by a pinned one, run on all of cpus_allowed().
void unpin_thread();

}  // namespace corebuf
