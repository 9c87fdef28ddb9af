#include <sys/auxv.h>

#include "buffer/os_arm.h"

namespace corebuf {

bool arm_has_crc_and_pmull() {
  constexpr unsigned long pmull = 1UL << 4, crc32 = 1UL << 7;  // asm/hwcap.h of arm64, which others cannot include
  return (getauxval(AT_HWCAP) & (pmull | crc32)) == (pmull | crc32);
}

}  // namespace corebuf
