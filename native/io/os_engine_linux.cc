#include "io/os_engine.h"
#include "io/uring_engine_linux.h"

namespace corebuf {

result<std::unique_ptr<io_engine>> open_uring(uring_setup setup) { return uring_engine::open(setup); }

}  // namespace corebuf
