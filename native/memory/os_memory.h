// The only place that asks the operating system for memory.
#pragma once

#include <cstddef>

#include "base/result.h"

namespace corebuf::os_memory {

/// Address space without memory behind it, at a multiple of `alignment`. Never given back.
result<void*> reserve(size_t size, size_t alignment);

/// Makes reserved pages readable and writable; they cost nothing until they are touched.
bool commit(void* address, size_t size);

/// Gives the memory behind committed pages back. They stay accessible and read as zeros, so that a view
/// somebody forgot can never fault. False where the system holds on to them (mlockall): then nothing has changed.
bool purge(void* address, size_t size);

/// Asks for huge pages behind what is committed; the system may ignore it.
void prefer_huge_pages(void* address, size_t size);

/// Of memory that is touched first from now on: it should come from that node; any_node takes the preference back. False where
/// the system refuses, or does not know nodes.
bool prefer_node(void* address, size_t size, int node);
inline constexpr int any_node = -1;

/// The node of the processor that this thread runs on, or any_node where there is only one.
int node_here();

/// The bytes this process may use: the cgroup's limit, else the machine's memory.
size_t limit();

}  // namespace corebuf::os_memory
