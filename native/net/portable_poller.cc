#include "net/portable_poller.h"

#include <cerrno>
#include <new>
#include <utility>

namespace corebuf {

namespace {

short poll_events_of(interest wanted) {
  return static_cast<short>(((wanted & wants_read) != 0 ? POLLIN : 0) | ((wanted & wants_write) != 0 ? POLLOUT : 0));
}

}  // namespace

result<std::unique_ptr<poller>> portable_poller::open() {
  auto wake = wake_event::open();
  if (!wake) return wake.failure();
  auto control = wake_event::open();
  if (!control) return control.failure();
  std::unique_ptr<portable_poller> made(new (std::nothrow)
                                            portable_poller(std::move(wake.value()), std::move(control.value())));
  if (made == nullptr) return error_code::out_of_memory;
  const bool started = made->thread_.start([](void* self) { static_cast<portable_poller*>(self)->run(); }, made.get());
  if (!started) return error::from_errno(EAGAIN);
  return std::unique_ptr<poller>(std::move(made));
}

portable_poller::~portable_poller() {
  {
    const std::lock_guard guard(lock_);
    stopping_ = true;
    ::pthread_cond_signal(&looked_);
  }
  control_.signal();
  thread_.join();
  ::pthread_cond_destroy(&looked_);
  ::pthread_cond_destroy(&returned_);
}

int portable_poller::watch(int fd, uint64_t tag, interest wanted) {
  const auto place = static_cast<size_t>(fd);
  if (entry_of_fd_.size() <= place) entry_of_fd_.resize(place + 1);
  entry_of_fd_[place] = tags_.size();
  tags_.push_back(tag);
  const std::lock_guard guard(lock_);
  entries_.push_back({.fd = fd, .events = poll_events_of(wanted), .revents = 0});
  entries_changed();
  return 0;
}

void portable_poller::change(int fd, uint64_t tag, interest wanted) {
  const size_t entry = entry_of_fd_[static_cast<size_t>(fd)];
  tags_[entry] = tag;
  const std::lock_guard guard(lock_);
  ASSERT(entries_[entry].fd == fd);
  entries_[entry].events = poll_events_of(wanted);
  entries_changed();
}

/// The last entry takes the place of the one that goes.
void portable_poller::forget(int fd) {
  const size_t entry = entry_of_fd_[static_cast<size_t>(fd)];
  const std::lock_guard guard(lock_);
  ASSERT(entries_[entry].fd == fd);
  entries_[entry] = entries_.back();
  tags_[entry] = tags_.back();
  entry_of_fd_[static_cast<size_t>(entries_[entry].fd)] = entry;
  entries_.pop_back();
  tags_.pop_back();
  entries_changed();
}

/// A thread that is in poll(2) with an old copy has been signalled, and comes back.
void portable_poller::let_go() {
  const std::lock_guard guard(lock_);
  while (waiting_ && told_) ::pthread_cond_wait(&returned_, lock_.native_handle());
}

/// The thread still waits with an old copy. With the lock.
void portable_poller::entries_changed() {
  if (!std::exchange(told_, true)) control_.signal();
}

size_t portable_poller::poll(std::span<readiness> into) {
  const std::lock_guard guard(lock_);
  wake_.clear();
  size_t count = 0;
  if (!entries_.empty() && ::poll(entries_.data(), entries_.size(), 0) > 0) {
    const size_t begin = first_ % entries_.size();
    for (size_t step = 0; step < entries_.size() && count < into.size(); ++step) {
      const size_t entry = (begin + step) % entries_.size();
      const short found = entries_[entry].revents;
      if (found == 0) continue;
      into[count++] = {.tag = tags_[entry],
                       .readable = (found & POLLIN) != 0,
                       .writable = (found & POLLOUT) != 0,
                       .broken = (found & (POLLERR | POLLHUP)) != 0};
      first_ = entry + 1;
    }
  }
  if (std::exchange(found_, false)) ::pthread_cond_signal(&looked_);
  return count;
}

void portable_poller::run() {
  std::vector<pollfd> copy;
  while (copy_entries(copy)) {
    ::poll(copy.data(), copy.size(), -1);
    came_back();
    bool ready = false;
    for (size_t entry = 1; entry < copy.size(); ++entry) ready = ready || copy[entry].revents != 0;
    if (ready) wait_until_looked();
  }
}

/// The first is the thread's own event. False at the end.
bool portable_poller::copy_entries(std::vector<pollfd>& into) {
  const std::lock_guard guard(lock_);
  if (stopping_) return false;
  if (std::exchange(told_, false)) control_.clear();
  into.assign(1, {.fd = control_.fd(), .events = POLLIN, .revents = 0});
  into.insert(into.end(), entries_.begin(), entries_.end());
  waiting_ = true;
  return true;
}

void portable_poller::came_back() {
  const std::lock_guard guard(lock_);
  waiting_ = false;
  ::pthread_cond_signal(&returned_);
}

void portable_poller::wait_until_looked() {
  const std::lock_guard guard(lock_);
  found_ = true;
  wake_.signal();
  while (found_ && !stopping_) ::pthread_cond_wait(&looked_, lock_.native_handle());
}

}  // namespace corebuf
