#include "memory/os_memory.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "base/bytes.h"

namespace corebuf::os_memory {

size_t system_page() {
  static const auto bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

result<void*> reserve(size_t size, size_t alignment) {
  const size_t padded = size + alignment;
  void* mapped = mmap(nullptr, padded, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return error::from_errno(errno);

  // Unmap the parts before and behind that the alignment does not need.
  const uintptr_t start = address_of(mapped);
  const uintptr_t aligned = align_up(start, alignment);
  if (aligned > start) munmap(mapped, aligned - start);
  const size_t behind = start + padded - (aligned + size);
  if (behind > 0) munmap(reinterpret_cast<void*>(aligned + size), behind);
  return reinterpret_cast<void*>(aligned);
}

bool commit(void* address, size_t size) {
  // A page of the system may be larger than a page of this package (16 KiB on Apple's processors).
  const uintptr_t first = align_down(address_of(address), system_page());
  const uintptr_t end = align_up(address_of(address) + size, system_page());
  return mprotect(reinterpret_cast<void*>(first), end - first, PROT_READ | PROT_WRITE) == 0;
}

size_t machine_memory() {
  return static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * system_page();
}

size_t address_limit() {
  rlimit addresses{};
  if (::getrlimit(RLIMIT_AS, &addresses) != 0 || addresses.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  return addresses.rlim_cur;
}

}  // namespace corebuf::os_memory
