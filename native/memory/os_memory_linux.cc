// Memory policies, huge pages and cgroups, which only Linux has.
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

#include "memory/os_memory.h"

namespace corebuf::os_memory {

namespace {

using file = std::unique_ptr<FILE, int (*)(FILE*)>;

// The numbers of linux/mempolicy.h; C libraries have no functions for these calls.
constexpr int policy_default = 0;
constexpr int policy_preferred = 1;
constexpr size_t nodes_max = 1024;

}  // namespace

bool purge(void* address, size_t size) { return madvise(address, size, MADV_DONTNEED) == 0; }

const bool has_huge_pages = true;

void prefer_huge_pages(void* address, size_t size) { madvise(address, size, MADV_HUGEPAGE); }

bool prefer_node(void* address, size_t size, int node) {
  unsigned long mask[nodes_max / (8 * sizeof(unsigned long))] = {};
  constexpr size_t bits = 8 * sizeof mask[0];
  if (node == any_node) return syscall(SYS_mbind, address, size, policy_default, nullptr, 0, 0) == 0;
  if (static_cast<size_t>(node) >= nodes_max) return false;
  mask[static_cast<size_t>(node) / bits] = 1ul << static_cast<size_t>(node) % bits;
  return syscall(SYS_mbind, address, size, policy_preferred, mask, nodes_max, 0) == 0;
}

int node_here() {
  // "0" on a machine with one node, else a list such as "0-1".
  const file online(std::fopen("/sys/devices/system/node/online", "re"), std::fclose);
  int first = 0;
  if (!online || std::fscanf(online.get(), "%d", &first) != 1 || std::fgetc(online.get()) == '\n') return any_node;
  unsigned cpu = 0, node = 0;
  return syscall(SYS_getcpu, &cpu, &node, nullptr) == 0 ? static_cast<int>(node) : any_node;
}

namespace {

/// The number in a cgroup file. "max" and a missing file mean no limit.
size_t limit_in(const char* path) {
  file stream(std::fopen(path, "re"), std::fclose);
  unsigned long long value = 0;
  if (!stream || std::fscanf(stream.get(), "%llu", &value) != 1) return SIZE_MAX;
  return static_cast<size_t>(value);
}

/// cgroup v2: every ancestor may have a limit; the smallest is the limit.
size_t cgroup_v2_limit() {
  file stream(std::fopen("/proc/self/cgroup", "re"), std::fclose);
  char line[512];
  size_t smallest = limit_in("/sys/fs/cgroup/memory.max");
  while (stream && std::fgets(line, sizeof line, stream.get()) != nullptr) {
    if (std::strncmp(line, "0::/", 4) != 0) continue;
    char* group = line + 3;
    group[std::strcspn(group, "\n")] = 0;
    for (char* end = group + std::strlen(group); end != group; end = std::strrchr(group, '/')) {
      *end = 0;
      char path[640];
      std::snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", group);
      smallest = std::min(smallest, limit_in(path));
      if (*group == 0) break;
    }
  }
  return smallest;
}

}  // namespace

size_t limit() {
  const size_t cgroup_v1 = limit_in("/sys/fs/cgroup/memory/memory.limit_in_bytes");
  return std::min({machine_memory(), cgroup_v1, cgroup_v2_limit()});
}

}  // namespace corebuf::os_memory
