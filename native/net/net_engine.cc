#include "net/net_engine.h"

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "net/descriptor_transit.h"

namespace corebuf {

result<std::unique_ptr<net_engine>> net_engine::open(shard& here, chain_slots& slots, poller_kind kind, const net_clock& clock,
                                                     direct_watch* direct) {
  auto sockets = open_poller(kind);
  if (!sockets) return sockets.failure();
  std::unique_ptr<net_engine> made(new (std::nothrow) net_engine(here, slots, std::move(sockets.value()), clock, direct));
  if (made == nullptr) return error_code::out_of_memory;
  return made;
}

net_engine::net_engine(shard& here, chain_slots& slots, std::unique_ptr<poller> sockets, const net_clock& clock, direct_watch* direct)
    : here_(here),
      slots_(slots),
      poller_(std::move(sockets)),
      clock_(clock),
      connections_(here),
      events_(connections_),
      memory_(here),
      direct_(direct) {}

result<uint32_t> net_engine::connect(const socket_address& address) {
  connection* made = connections_.make();
  if (made == nullptr) return error_code::out_of_memory;
  auto opened = os_socket::open(address.family());
  if (!opened) {
    connections_.free(*made);
    return opened.failure();
  }
  const int outcome = os_socket::connect(opened.value().get(), address);
  if (outcome != 0 && outcome != EINPROGRESS) {
    connections_.free(*made);
    return error::from_errno(outcome);
  }
  made->fd = std::move(opened.value());
  made->state = connection_state::connecting;
  if (outcome == 0) finish_connecting(*made);
  else set_interest(*made, wants_write);
  return made->id;
}

result<uint32_t> net_engine::adopt(unique_fd connected) {
  connection* made = connections_.make();
  if (made == nullptr) return error_code::out_of_memory;
  made->fd = std::move(connected);
  ++stats_.adopted;
  return made->id;
}

result<unique_fd> net_engine::detach(uint32_t id) {
  connection* of = connections_.find(id);
  if (of == nullptr || of->state == connection_state::closed) return error::from_errno(EBADF);
  if (of->state == connection_state::connecting || !of->output.empty()) return error::from_errno(EBUSY);
  unwatch(*of);
  unique_fd taken = std::move(of->fd);
  close_descriptor(*of);
  connections_.free(*of);
  ++stats_.detached;
  return taken;
}

result<uint64_t> net_engine::hand_over(uint32_t id) {
  auto detached = detach(id);
  if (!detached) return detached.failure();
  return descriptor_transit::get().leave(std::move(detached.value()), here_.ref());
}

result<uint32_t> net_engine::take_over(uint64_t ticket) {
  unique_fd taken = descriptor_transit::get().take(ticket);
  if (!taken.valid()) return error::from_errno(EBADF);
  return adopt(std::move(taken));
}

result<socket_address> net_engine::address(address_kind kind, uint32_t id) const {
  if (kind == address_kind::listener) {
    const listener* of = find_listener(id);
    return of == nullptr ? error::from_errno(EBADF) : os_socket::local_address(of->fd());
  }
  const connection* of = connections_.find(id);
  if (of == nullptr) return error::from_errno(EBADF);
  return kind == address_kind::peer ? os_socket::peer_address(of->fd.get()) : os_socket::local_address(of->fd.get());
}

void net_engine::obey(std::span<const net_command_record> commands) {
  ASSERT_HOME(here_.id());
  for (const net_command_record& command : commands) obey_one(command);
}

void net_engine::obey_one(const net_command_record& command) {
  if (command.op == net_command::accept || command.op == net_command::unlisten) return obey_listener(command);
  if (takes_slot(command.op) && !slots_.has(command.a)) return;
  connection* of = connections_.find(command.socket);
  if (of != nullptr && of->state != connection_state::closed) return obey_connection(*of, command);
  // What nobody will send any more is released all the same.
  if (command.op == net_command::send) open_slot(slots_, command.a, slot_use::change)->release(here_);
}

void net_engine::obey_connection(connection& of, const net_command_record& command) {
  switch (command.op) {
    case net_command::start: return start(of, command.a, command.b);
    case net_command::limit: of.input_limit = uint64_t{command.b} << 32 | command.a; return wait_for_input(of);
    case net_command::input: of.input_slot = command.a; return;
    case net_command::send: return queue(of, command.a, command.b != 0);
    case net_command::tell: of.tell_sent = true; return mark_dirty(of);
    case net_command::end: of.wanted_end = ending::end; return mark_dirty(of);
    case net_command::finish: of.wanted_end = ending::finish; return mark_dirty(of);
    case net_command::reset: os_socket::reset_when_closed(of.fd.get()); return close_now(of);
    case net_command::close: return close_after_offer(of);
    case net_command::pause: of.paused = true; return;
    case net_command::resume: of.paused = false; return wait_for_input(of);
    // The kernel refuses these of a connection that has been reset, which will be told by itself.
    case net_command::no_delay: os_socket::set_no_delay(of.fd.get(), command.a != 0); return;
    case net_command::keep_alive: os_socket::set_keep_alive(of.fd.get(), command.a); return;
    case net_command::idle_limit:
      of.idle_limit_ms = command.a;
      return limit_idleness(of, clock_.now_us());
    case net_command::unsent_limit: of.unsent_limit = command.a; return;
    case net_command::accept:
    case net_command::unlisten: return;
  }
}

void net_engine::start(connection& of, uint32_t slot, uint32_t limit) {
  of.started = true;
  of.input_slot = slot;
  of.input_limit = limit;
  if (of.state == connection_state::connecting) return;
  of.state = connection_state::open;
  mark_dirty(of);
  wait_for_input(of);
}

void net_engine::reap() {
  ASSERT_HOME(here_.id());
  net_quota quota(clock_);
  serve_reported(quota);  // Whom the last turn had no time for comes first.
  while (!quota.spent()) {
    ready_next_ = 0;
    ready_count_ = poller_->poll(ready_);
    lone_.polled({ready_.data(), ready_count_});
    ++stats_.polls;
    serve_reported(quota);
    if (ready_count_ < ready_.size()) break;
  }
  if (lone_.sure()) watch_lone_directly();
  memory_.trim();
}

void net_engine::serve_reported(net_quota& quota) {
  while (ready_next_ < ready_count_ && !quota.spent()) serve(ready_[ready_next_++], quota);
}

void net_engine::serve(const readiness& ready, net_quota& quota) {
  if ((ready.tag & listener_tag) != 0) {
    if (listener* of = find_listener(static_cast<uint32_t>(ready.tag))) accept(*of, quota.now_us());
    return quota.spend(0);
  }
  // It may have been closed since it was reported.
  connection* of = connections_.find(static_cast<uint32_t>(ready.tag));
  if (of == nullptr || of->state == connection_state::closed) return;
  if (of->state == connection_state::connecting) {
    finish_connecting(*of);
    return quota.spend(0);
  }
  size_t moved = 0;
  if (ready.writable || (ready.broken && !of->output.empty())) moved += send(*of, quota.now_us());
  if (of->state == connection_state::open && (ready.readable || ready.broken)) {
    if (may_receive(*of)) moved += receive(*of);
    else rest(*of, ready.broken);
  }
  quota.spend(moved);
}

void net_engine::finish_connecting(connection& of) {
  if (const int failed = os_socket::take_error(of.fd.get())) return close_now(of, failed, net_call::connect);
  of.state = connection_state::open;
  ++stats_.connected;
  events_.add(of, net_event::connected);
  set_interest(of, may_receive(of) ? wants_read : wants_nothing);
  if (of.state == connection_state::closed) return;
  mark_dirty(of);
  wait_for_input(of);
}

/// Closes the connection when the kernel cannot watch another socket.
void net_engine::set_interest(connection& of, interest wanted) {
  const uint64_t tag = of.id;
  if (of.id == direct_id_ && (wanted & wants_read) == 0) end_direct_watch(of);
  if (of.watched) {
    if (of.watching != wanted) poller_->change(of.fd.get(), tag, of.id == direct_id_ ? wanted & ~wants_read : wanted);
  } else if (wanted != wants_nothing) {
    if (const int failed = poller_->watch(of.fd.get(), tag, wanted)) {
      const bool connecting = of.state == connection_state::connecting;
      return close_now(of, failed, connecting ? net_call::connect : net_call::read);
    }
    of.watched = true;
  }
  of.watching = wanted;
}

void net_engine::unwatch(connection& of) {
  if (of.id == direct_id_) end_direct_watch(of);
  if (of.watched) poller_->forget(of.fd.get());
  of.watched = false;
  of.watching = wants_nothing;
}

/// One at a time: another that is alone now takes the place of the one that was.
void net_engine::watch_lone_directly() {
  if (direct_ == nullptr || (lone_.tag() & listener_tag) != 0) return;
  connection* of = connections_.find(static_cast<uint32_t>(lone_.tag()));
  if (of == nullptr || (of->watching & wants_read) == 0) return;
  if (connection* last = connections_.find(direct_id_)) {
    const interest wanted = last->watching;
    end_direct_watch(*last);
    set_interest(*last, wanted);
  }
  if (!direct_->begin(of->fd.get())) return;
  direct_id_ = of->id;
  poller_->change(of->fd.get(), of->id, of->watching & ~wants_read);
}

/// Nobody reports what is to be read from it then.
void net_engine::end_direct_watch(connection& of) {
  direct_->end();
  direct_id_ = no_socket;
  of.watching &= static_cast<interest>(~wants_read);
}

/// Nothing of it is left but its record.
void net_engine::close_descriptor(connection& of) {
  unwatch(of);
  of.fd.reset();
  of.output.release(here_);
  of.state = connection_state::closed;
  of.dirty = of.stalled = false;
  of.give_up_us = 0;
}

void net_engine::close_now(connection& of, int os_errno, net_call call) {
  close_descriptor(of);
  of.close_errno = os_errno;
  of.close_call = call;
  events_.add(of, net_event::closed);
  ++stats_.closed;
  if (os_errno != 0) ++stats_.failed;
}

bool net_engine::flush() {
  ASSERT_HOME(here_.id());
  net_quota quota(clock_);
  send_dirty(quota);
  end_idle(quota.now_us());
  wake_listeners(quota.now_us());
  go_on_reading();
  end_starved(quota.now_us());
  release_unused();
  return dirty_.empty() && events_.empty();
}

uint64_t net_engine::deadline_us() const {
  uint64_t soonest = std::min(idle_look_us_, starved_ ? starved_look_us_ : UINT64_MAX);
  for (const auto& each : listeners_) {
    if (each->again_us != 0) soonest = std::min(soonest, each->again_us);
  }
  return soonest;
}

net_stats net_engine::stats() const {
  net_stats all = stats_;
  all.connections = connections_.size();
  all.listeners = listeners_.size();
  return all;
}

void net_engine::close() {
  for (const auto& each : listeners_) set_accepting(*each, false);
  poller_->let_go();
  listeners_.clear();
  connections_.each([this](connection& of) {
    close_descriptor(of);
    connections_.free(of);
  });
  events_.drop_all();
  memory_.release();
  descriptor_transit::get().drop_those_of(here_.ref());
}

void net_engine::invariant() const {
  connections_.invariant();
  ASSERT(ready_next_ <= ready_count_ && ready_count_ <= ready_.size());
}

}  // namespace corebuf
