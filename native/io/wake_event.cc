#include "io/wake_event.h"

#include <poll.h>

#include <cerrno>

namespace corebuf {

void wake_event::wait() {
  pollfd readable{fd_.get(), POLLIN, 0};
  const int ready = ::poll(&readable, 1, -1);
  ASSERT(ready == 1 || errno == EINTR);
}

}  // namespace corebuf
