// The allocator that a workload uses: ours, or one of the general allocators that are found on this machine.
// They are loaded beside each other, each in a namespace of its own, so that one process compares them all.
#pragma once

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "memory/shard_heap.h"

namespace corebuf::bench {

struct our_heap {
  shard_heap& heap;

  void* allocate(size_t size) { return heap.allocate(size); }
  void free(void* memory) { heap.free(memory); }
};

/// Called through pointers, as a program calls malloc through its linkage table.
struct general_allocator {
  const char* name;
  void* (*allocate)(size_t);
  void (*free)(void*);
};

/// A library that is loaded late finds too little space for the thread-local data of jemalloc. The loader
/// reads how much to keep when a program starts, so this program starts again.
inline void make_room_for_libraries(char** arguments) {
  if (std::getenv("GLIBC_TUNABLES") != nullptr) return;
  setenv("GLIBC_TUNABLES", "glibc.rtld.optional_static_tls=65536", 1);
  execv("/proc/self/exe", arguments);
}

/// mimalloc comes first: it is the one to beat. An allocator that is not installed is named on stderr and
/// left out.
inline std::vector<general_allocator> general_allocators() {
  struct wanted {
    const char* name;
    const char* library;
    const char* prefix;
  };
  constexpr std::array libraries{wanted{"mimalloc", "libmimalloc.so.2", "mi_"},
                                 wanted{"mimalloc", "libmimalloc.so.2.0", "mi_"},
                                 wanted{"jemalloc", "libjemalloc.so.2", ""}};
  std::vector<general_allocator> found;
  for (const wanted& each : libraries) {
    if (!found.empty() && std::string(found.back().name) == each.name) continue;
    void* library = dlopen(each.library, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (library == nullptr) {
      std::fprintf(stderr, "memory: %s\n", dlerror());
      continue;
    }
    void* allocate = dlsym(library, (std::string(each.prefix) + "malloc").c_str());
    void* free = dlsym(library, (std::string(each.prefix) + "free").c_str());
    if (allocate == nullptr || free == nullptr) continue;
    found.push_back(
        {each.name, reinterpret_cast<void* (*)(size_t)>(allocate), reinterpret_cast<void (*)(void*)>(free)});
  }
  found.push_back({"glibc malloc", std::malloc, std::free});
  return found;
}

}  // namespace corebuf::bench
