#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "io/wake_event.h"

namespace corebuf {
namespace {

bool stays_here_and_never_blocks(int fd) {
  return ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && ::fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

}  // namespace

result<wake_event> wake_event::open() {
  int ends[2];
  if (::pipe(ends) != 0) return error::from_errno(errno);
  wake_event event;
  event.fd_.reset(ends[0]);
  event.signal_fd_.reset(ends[1]);
  for (const int end : ends) {
    if (!stays_here_and_never_blocks(end)) return error::from_errno(errno);
  }
  return event;
}

void wake_event::signal() {
  const char one = 1;
  ssize_t written;
  do written = ::write(signal_fd_.get(), &one, 1);
  while (written < 0 && errno == EINTR);
  ASSERT(written == 1 || errno == EAGAIN);  // EAGAIN: the pipe is full, so the descriptor is readable
}

void wake_event::clear() {
  char signals[512];
  ssize_t got;
  do got = ::read(fd_.get(), signals, sizeof signals);
  while (got == sizeof signals || (got < 0 && errno == EINTR));
  ASSERT(got > 0 || errno == EAGAIN);  // EAGAIN: it was clear already
}

}  // namespace corebuf
