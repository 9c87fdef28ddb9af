#include <cerrno>

#include "io/os_engine.h"

namespace corebuf {

result<std::unique_ptr<io_engine>> open_uring(uring_setup) { return error::from_errno(EOPNOTSUPP); }

}  // namespace corebuf
