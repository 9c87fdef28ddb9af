#include "net/epoll_poller_linux.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

namespace corebuf {

namespace {

constexpr size_t events_max = 256;  // of one system call

uint32_t epoll_events_of(interest wanted) {
  // The end of what the peer sends counts as something to read.
  return ((wanted & wants_read) != 0 ? EPOLLIN | EPOLLRDHUP : 0U) | ((wanted & wants_write) != 0 ? EPOLLOUT : 0U);
}

readiness readiness_of(const epoll_event& event) {
  return {.tag = event.data.u64,
          .readable = (event.events & (EPOLLIN | EPOLLRDHUP)) != 0,
          .writable = (event.events & EPOLLOUT) != 0,
          .broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0};
}

}  // namespace

result<std::unique_ptr<poller>> epoll_poller::open() {
  unique_fd set(::epoll_create1(EPOLL_CLOEXEC));
  if (!set.valid()) return error::from_errno(errno);
  std::unique_ptr<poller> made(new (std::nothrow) epoll_poller(std::move(set)));
  if (made == nullptr) return error_code::out_of_memory;
  return made;
}

int epoll_poller::control(int operation, int fd, uint64_t tag, interest wanted) {
  epoll_event event{};
  event.events = epoll_events_of(wanted);
  event.data.u64 = tag;
  return ::epoll_ctl(set_.get(), operation, fd, &event) == 0 ? 0 : errno;
}

int epoll_poller::watch(int fd, uint64_t tag, interest wanted) { return control(EPOLL_CTL_ADD, fd, tag, wanted); }

void epoll_poller::change(int fd, uint64_t tag, interest wanted) {
  ASSERT(control(EPOLL_CTL_MOD, fd, tag, wanted) == 0);
}

void epoll_poller::forget(int fd) { ASSERT(control(EPOLL_CTL_DEL, fd, 0, wants_nothing) == 0); }

size_t epoll_poller::poll(std::span<readiness> into) {
  std::array<epoll_event, events_max> events;
  const int most = static_cast<int>(std::min(into.size(), events_max));
  const int found = ::epoll_wait(set_.get(), events.data(), most, 0);
  if (found <= 0) return 0;  // EINTR: the set stays readable.
  const auto count = static_cast<size_t>(found);
  std::transform(events.begin(), events.begin() + found, into.begin(), readiness_of);
  return count;
}

}  // namespace corebuf
