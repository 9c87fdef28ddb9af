// The listeners of net_engine: taking connections from the kernel's queue, and resting while the system has no descriptor or no
// memory for one. Connections then wait in the backlog, and nothing spins.
#include <algorithm>
#include <cerrno>

#include "net/net_engine.h"

namespace corebuf {

namespace {

/// Whether accept(2) may succeed if it is called again at once. Errors of the network, and of a connection that has gone
/// already, are about one connection and not about the listener (accept(2), "Error handling").
bool is_about_one_connection(int os_errno) {
  switch (os_errno) {
    case ECONNABORTED:
    case EINTR:
    case EPERM:  // a firewall
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case EOPNOTSUPP: return true;
    default: return false;
  }
}

}  // namespace

result<uint32_t> net_engine::listen(const socket_address& address, const listen_options& options) {
  auto opened = os_socket::listen(address, options);
  if (!opened) return opened.failure();
  listeners_.push_back(std::make_unique<listener>(++last_listener_, std::move(opened.value())));
  listener& made = *listeners_.back();
  set_accepting(made, true);
  return made.id();
}

listener* net_engine::find_listener(uint32_t id) const {
  const auto found = std::find_if(listeners_.begin(), listeners_.end(), [id](const auto& each) { return each->id() == id; });
  return found == listeners_.end() ? nullptr : found->get();
}

void net_engine::obey_listener(const net_command_record& command) {
  listener* of = find_listener(command.socket);
  if (of == nullptr) return;
  of->wanted = command.op == net_command::accept && command.a != 0;
  of->again_us = 0;
  set_accepting(*of, of->wanted);
  if (command.op != net_command::unlisten) return;
  poller_->let_go();  // Nobody is to reach the address from here on, and it may be listened at again.
  std::erase_if(listeners_, [of](const auto& each) { return each.get() == of; });
}

/// Where the kernel cannot watch another socket now, the listener rests.
void net_engine::set_accepting(listener& of, bool on) {
  if (on == of.watched) return;
  if (!on) {
    poller_->forget(of.fd());
    of.watched = false;
  } else if (const int failed = poller_->watch(of.fd(), listener_tag | of.id(), wants_read)) {
    rest(of, failed, clock_.now_us());
  } else {
    of.watched = true;
  }
}

void net_engine::accept(listener& of, uint64_t now_us) {
  for (size_t taken = 0; taken < accepted_per_turn; ++taken) {
    const int failed = accept_one(of);
    if (failed == EAGAIN) return;
    if (failed == 0) continue;
    ++stats_.accept_failures;
    if (!is_about_one_connection(failed)) return rest(of, failed, now_us);
  }
}

/// The record comes first: a connection that was accepted can then not be lost for want of memory. 0 or errno.
int net_engine::accept_one(listener& of) {
  connection* made = connections_.make();
  if (made == nullptr) return ENOMEM;
  auto accepted = os_socket::accept(of.fd());
  if (!accepted) {
    connections_.free(*made);
    return accepted.failure().os_errno;
  }
  made->fd = std::move(accepted.value());
  made->accepted_by = of.id();
  ++stats_.accepted;
  events_.add(*made, net_event::accepted);
  return 0;
}

void net_engine::rest(listener& of, int os_errno, uint64_t now_us) {
  set_accepting(of, false);
  of.again_us = now_us + accept_rest_us;
  events_.add({net_event::accept_failed, of.id(), static_cast<uint32_t>(os_errno), 0});
}

void net_engine::wake_listeners(uint64_t now_us) {
  for (const auto& each : listeners_) {
    if (each->again_us == 0 || now_us < each->again_us) continue;
    each->again_us = 0;
    set_accepting(*each, each->wanted);
  }
}

}  // namespace corebuf
