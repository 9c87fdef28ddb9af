// POSIX cannot be asked.
#include "buffer/os_arm.h"

namespace corebuf {

bool arm_has_crc_and_pmull() { return false; }

}  // namespace corebuf
