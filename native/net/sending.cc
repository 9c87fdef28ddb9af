// The sending side of net_engine. What a turn has written is sent before the next poll, one system call for each connection; what
// the kernel does not take waits in the output until the poller says that there is room.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/net_engine.h"
#include "net/send_vectors.h"

namespace corebuf {

namespace {

/// How exact an idle limit is.
constexpr uint64_t idle_look_interval_us = 50'000;

}  // namespace

void net_engine::mark_dirty(connection& of) {
  if (of.dirty) return;
  of.dirty = true;
  dirty_.push_back(of.id);
}

/// Nothing can be written behind the end.
void net_engine::queue(connection& of, uint32_t slot, bool tell) {
  const open_slot chain(slots_, slot, slot_use::change);
  if (of.wanted_end != ending::none) return chain->release(here_);
  of.output.take(here_, *chain);
  of.tell_sent = of.tell_sent || tell;
  mark_dirty(of);
}

bool net_engine::has_little(uint32_t id) const {
  const connection* of = connections_.find(id);
  return of == nullptr || of->output.length() <= sent_first_max;
}

/// Those that have little to send do not wait for those that have much. Whom there is no time for comes first in the next turn, so
/// that everybody's turn comes.
void net_engine::send_dirty(net_quota& quota) {
  sending_.swap(dirty_);
  const auto fresh = sending_.begin() + static_cast<ptrdiff_t>(overdue_);
  std::partition(fresh, sending_.end(), [this](uint32_t id) { return has_little(id); });
  size_t next = 0;
  for (; next < sending_.size() && !quota.spent(); ++next) {
    connection* of = connections_.find(sending_[next]);
    if (of == nullptr || !of->dirty) continue;
    of->dirty = false;
    // The kernel has no room for those that wait for the poller.
    const bool can_send = of->state == connection_state::open && (of->watching & wants_write) == 0;
    if (can_send) quota.spend(send(*of, quota.now_us()));
  }
  overdue_ = sending_.size() - next;
  dirty_.insert(dirty_.begin(), sending_.begin() + static_cast<ptrdiff_t>(next), sending_.end());
  sending_.clear();
}

/// Hands the kernel of the output what it takes, up to sent_per_turn.
net_engine::offered net_engine::offer(connection& of) {
  offered so_far;
  while (!of.output.empty() && !so_far.blocked && so_far.sent < sent_per_turn) {
    send_vectors front(of.output);
    ++stats_.sends;
    const ptrdiff_t taken = os_socket::send(of.fd.get(), front.vectors());
    if (taken < 0 && taken != -EAGAIN) {
      so_far.os_errno = static_cast<int>(-taken);
      break;
    }
    const size_t bytes = taken < 0 ? 0 : static_cast<size_t>(taken);
    of.output.trim_front(here_, bytes);  // References into other shards go home from here.
    of.bytes_sent += bytes;
    stats_.bytes_sent += bytes;
    so_far.sent += bytes;
    so_far.blocked = bytes < front.bytes();
  }
  if (so_far.blocked) ++stats_.sends_partial;
  return so_far;
}

/// Returns how many bytes.
size_t net_engine::send(connection& of, uint64_t now_us) {
  const offered done = offer(of);
  if (done.os_errno != 0) {
    close_now(of, done.os_errno, net_call::write);
    return done.sent;
  }
  after_sending(of, done.sent, done.blocked, now_us);
  read_again(of);
  return done.sent;
}

/// A program may write why it closes, and close: the kernel is offered once what it has not been offered. What it does not take is dropped.
void net_engine::close_after_offer(connection& of) {
  if (of.state == connection_state::open && (of.watching & wants_write) == 0) offer(of);
  close_now(of);
}

void net_engine::after_sending(connection& of, size_t sent, bool blocked, uint64_t now_us) {
  if (of.output.empty()) return all_sent(of);
  if (blocked) set_interest(of, of.watching | wants_write);
  else mark_dirty(of);
  if (of.state == connection_state::closed || (sent == 0 && of.backlogged)) return;
  of.backlogged = true;
  events_.add_sent(of, false);
  limit_idleness(of, now_us);
}

void net_engine::all_sent(connection& of) {
  of.output.release(here_);  // Fragments of no bytes.
  set_interest(of, of.watching & static_cast<interest>(~wants_write));
  if (of.backlogged || of.tell_sent) events_.add_sent(of, true);
  of.backlogged = of.tell_sent = false;
  of.give_up_us = 0;
  if (of.wanted_end == ending::finish) return close_now(of);
  if (of.wanted_end == ending::none || of.write_ended) return;
  if (const int failed = os_socket::end_sending(of.fd.get())) return close_now(of, failed, net_call::write);
  of.write_ended = true;
  if (of.read_ended) close_now(of);
}

/// From now on the peer has its idle limit for taking something.
void net_engine::limit_idleness(connection& of, uint64_t now_us) {
  const bool limited = of.backlogged && of.idle_limit_ms != 0;
  of.give_up_us = limited ? now_us + uint64_t{of.idle_limit_ms} * 1000 : 0;
  if (!limited) return;
  of.untaken = os_socket::untaken(of.fd.get());
  idle_look_us_ = std::min(idle_look_us_, of.give_up_us);
  if (!std::exchange(of.limited, true)) limited_.push_back(of.id);
}

/// The kernel asks for more only when much of its own memory is free, and the peer may have taken some of what it holds long before.
bool net_engine::took_some_since(connection& of, uint64_t now_us) {
  if (os_socket::untaken(of.fd.get()) >= of.untaken) return false;
  limit_idleness(of, now_us);
  return true;
}

void net_engine::end_idle(uint64_t now_us) {
  if (now_us < idle_look_us_) return;
  idle_look_us_ = UINT64_MAX;
  std::erase_if(limited_, [&](uint32_t id) {
    connection* of = connections_.find(id);
    if (of == nullptr) return true;
    of->limited = of->give_up_us > now_us || (of->give_up_us != 0 && took_some_since(*of, now_us));
    if (of->limited) {
      idle_look_us_ = std::min(idle_look_us_, std::max(of->give_up_us, now_us + idle_look_interval_us));
    } else if (of->give_up_us != 0) {
      ++stats_.idle_ended;
      close_now(*of, ETIMEDOUT, net_call::write);
    }
    return !of->limited;
  });
}

}  // namespace corebuf
