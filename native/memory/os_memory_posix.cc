// For systems whose madvise(2) does not give zeros back, and which have no memory policies and no cgroups.
#include <sys/mman.h>

#include <cstring>

#include "base/bytes.h"
#include "memory/os_memory.h"

namespace corebuf::os_memory {

bool purge(void* address, size_t size) {
  // New pages replace the old ones. Only whole pages of the system can be replaced.
  const uintptr_t start = address_of(address);
  const uintptr_t first = align_up(start, system_page());
  const uintptr_t end = align_down(start + size, system_page());
  if (first >= end) return false;
  constexpr int replacing = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  void* const pages = reinterpret_cast<void*>(first);
  if (mmap(pages, end - first, PROT_READ | PROT_WRITE, replacing, -1, 0) != pages) return false;
  std::memset(address, 0, first - start);
  std::memset(reinterpret_cast<void*>(end), 0, start + size - end);
  return true;
}

const bool has_huge_pages = false;

void prefer_huge_pages(void*, size_t) {}

bool prefer_node(void*, size_t, int) { return false; }

int node_here() { return any_node; }

size_t limit() { return machine_memory(); }

}  // namespace corebuf::os_memory
