// Which processors this process may use, and pinning a thread to one of them.
#pragma once

#include <cstddef>
#include <vector>

namespace corebuf {

/// The processors that this process was given, in ascending order, as the first call found them: call it
/// before any thread is pinned. Empty where the system does not tell.
const std::vector<int>& cpus_allowed();

/// How many threads can run at once: limited by the affinity mask and by the quota of the cgroup. At least 1.
size_t cpus_usable();

/// Pins this thread to one processor. False when the system refuses, or has no pinning.
bool pin_thread(int cpu);

/// Lets this thread run on all of cpus_allowed(). A thread inherits the mask of the thread that starts it,
/// which may be pinned.
void unpin_thread();

}  // namespace corebuf
