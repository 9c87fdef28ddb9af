// Memory of the operating system. No other file asks the system for memory, except io/uring_linux.cc for its rings.
#pragma once

#include <cstddef>

#include "base/result.h"

namespace corebuf::os_memory {

/// Reserves address space without memory behind it, at a multiple of `alignment`. It is never given back.
result<void*> reserve(size_t size, size_t alignment);

/// Bytes of a page of the system: 4 KiB, 16 KiB or 64 KiB.
size_t system_page();

/// Makes reserved pages readable and writable; they cost nothing until they are touched. Both numbers need not be multiples of
/// system_page(): all pages that the range touches become accessible.
bool commit(void* address, size_t size);

/// Gives the memory behind committed pages back. The pages stay accessible and read as zeros, so that a view
/// that somebody forgot can never fault. False where the system keeps them (mlockall): then nothing has
/// changed.
bool purge(void* address, size_t size);

/// Whether the system has huge pages that can be asked for.
extern const bool has_huge_pages;

/// Asks for huge pages behind what is committed; the system may ignore it.
void prefer_huge_pages(void* address, size_t size);

/// Asks that memory which is touched for the first time from now on comes from that node; any_node ends the
/// request. False where the system refuses, or has no nodes.
bool prefer_node(void* address, size_t size, int node);
inline constexpr int any_node = -1;

/// The node of the processor that this thread runs on, or any_node where there is only one.
int node_here();

size_t machine_memory();

/// Bytes of addresses that this process may have (ulimit -v); SIZE_MAX when there is no limit.
size_t address_limit();

/// The bytes that this process may use: the limit of the cgroup, else the memory of the machine.
size_t limit();

}  // namespace corebuf::os_memory
