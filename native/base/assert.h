// ASSERT stops the process when an invariant of this package is broken; it is on in every build. DEBUG_ASSERT
// is for checks that cost more than a comparison; it is on in debug and sanitizer builds. Data from
// JavaScript, the network or a disk is checked before it reaches either of them.
#pragma once

namespace corebuf {

[[noreturn]] void assert_failed(const char* condition, const char* file, int line);

}  // namespace corebuf

#define ASSERT(condition) \
  (__builtin_expect(static_cast<bool>(condition), 1) ? void(0) : ::corebuf::assert_failed(#condition, __FILE__, __LINE__))

#ifdef COREBUF_DEBUG
#define DEBUG_ASSERT(condition) ASSERT(condition)
#else
#define DEBUG_ASSERT(condition) void(sizeof(!(condition)))
#endif
