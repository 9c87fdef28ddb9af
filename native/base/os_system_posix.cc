#include "base/os_system.h"

namespace corebuf {

const char* os_system() { return "posix"; }

}  // namespace corebuf
