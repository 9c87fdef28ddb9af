#include <sys/eventfd.h>

#include <cerrno>
#include <cstdint>

#include "io/wake_event.h"

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
  ASSERT(written == sizeof one || errno == EAGAIN);  // EAGAIN: the counter is full, so the descriptor is readable
}

void wake_event::clear() {
  uint64_t count = 0;
  const ssize_t got = ::read(fd_.get(), &count, sizeof count);
  ASSERT(got == sizeof count || errno == EAGAIN);  // EAGAIN: it was clear already
}

}  // namespace corebuf
