#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "shard/os_cpu.h"

namespace corebuf {

namespace {

using file = std::unique_ptr<FILE, int (*)(FILE*)>;

/// Processors that the quota of the cgroup pays for; 0 when there is no limit.
double quota() {
  char granted[32];
  long long period = 0;
  const file v2(std::fopen("/sys/fs/cgroup/cpu.max", "re"), std::fclose);
  if (v2 && std::fscanf(v2.get(), "%31s %lld", granted, &period) == 2 && period > 0) {
    const double time = std::strtod(granted, nullptr);  // "max" reads as 0
    return time / static_cast<double>(period);
  }
  long long time = 0;
  const file v1_time(std::fopen("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "re"), std::fclose);
  const file v1_period(std::fopen("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "re"), std::fclose);
  if (!v1_time || !v1_period) return 0;
  if (std::fscanf(v1_time.get(), "%lld", &time) != 1 || std::fscanf(v1_period.get(), "%lld", &period) != 1) return 0;
  return time > 0 && period > 0 ? static_cast<double>(time) / static_cast<double>(period) : 0;
}

std::vector<int> read_mask() {
  std::vector<int> allowed;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) return allowed;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<size_t>(cpu), &mask)) allowed.push_back(cpu);
  }
  return allowed;
}

}  // namespace

const std::vector<int>& cpus_allowed() {
  // Never destroyed, because the thread of the stall watch may still read it while the process exits.
  static const auto* const allowed = new std::vector<int>(read_mask());
  return *allowed;
}

size_t cpus_usable() {
  size_t usable = cpus_allowed().size();
  if (usable == 0) usable = std::thread::hardware_concurrency();
  const double granted = quota();
  if (granted > 0) usable = std::min(usable, static_cast<size_t>(std::ceil(granted)));
  return std::max<size_t>(usable, 1);
}

bool pin_thread(int cpu) {
  if (cpu < 0 || cpu >= CPU_SETSIZE) return false;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET(static_cast<size_t>(cpu), &mask);
  return sched_setaffinity(0, sizeof mask, &mask) == 0;
}

void unpin_thread() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (const int cpu : cpus_allowed()) CPU_SET(static_cast<size_t>(cpu), &mask);
  sched_setaffinity(0, sizeof mask, &mask);  // A refusal leaves the thread on its processors.
}

}  // namespace corebuf
