// All of Apple's processors for Macs have them.
#include "buffer/os_arm.h"

namespace corebuf {

bool arm_has_crc_and_pmull() { return true; }

}  // namespace corebuf
