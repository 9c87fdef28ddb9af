#include "io/wake_event.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <cstdint>

namespace corebuf {

result<wake_event> wake_event::open() {
  wake_event event;
  event.fd_.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!event.fd_.valid()) return error::from_errno(errno);
  return event;
}

void wake_event::signal() {
  const uint64_t one = 1;
  const ssize_t written = ::write(fd_.get(), &one, sizeof one);
  ASSERT(written == sizeof one || errno == EAGAIN);  // EAGAIN: 2^64 - 2 signals are enough to be readable
}

void wake_event::clear() {
  uint64_t count = 0;
  const ssize_t got = ::read(fd_.get(), &count, sizeof count);
  ASSERT(got == sizeof count || errno == EAGAIN);  // EAGAIN: it was clear
}

void wake_event::wait() {
  pollfd readable{fd_.get(), POLLIN, 0};
  const int ready = ::poll(&readable, 1, -1);
  ASSERT(ready == 1 || errno == EINTR);
}

}  // namespace corebuf
