// Listening, connecting and handing over, each a call of its own; all else goes through the lists of net/net_lists.h.
#include <napi.h>

#include <cstring>
#include <string>
#include <utility>

#include "net/frames.h"
#include "node/entry.h"
#include "node/opened.h"
#include "node/results.h"

namespace corebuf {

/// Port of an IP address, or -1 where the address is the path of a Unix socket.
struct port_number {
  static constexpr int32_t none = -1;
  int32_t number = none;
};

template <>
struct parameter<port_number> {
  static constexpr const char* expected = "a port from 0 to 65535, or -1 for the path of a Unix socket";
  bool read(napi_env env, environment&, napi_value from) {
    double number = 0;
    if (napi_get_value_double(env, from, &number) != napi_ok || !(number >= port_number::none && number <= UINT16_MAX)) return false;
    value.number = static_cast<int32_t>(number);
    return value.number == number;
  }
  port_number value;
};

namespace {

napi_value id_or_failure(napi_env env, const result<uint32_t>& made) {
  return made ? to_js(env, made.value()) : to_js(env, made.failure());
}

result<socket_address> address_of(const std::string& text, port_number port) {
  return port.number == port_number::none ? socket_address::unix_path(text) : socket_address::ip(text, static_cast<uint16_t>(port.number));
}

/// Does `work(net_engine&)` with the engine of the thread, which it opens if need be. `work` returns a result.
template <typename Work>
napi_value with_engine(const attached_call& call, Work work) {
  if (!call.here.turn.sockets.has_list()) return call.refuse("listCommands() comes first");
  const auto engine = call.here.turn.sockets.engine(call.home(), call.here.turn.loop());
  return engine ? id_or_failure(call.env, work(*engine.value())) : to_js(call.env, engine.failure());
}

/// listCommands(words): the memory of the list of commands
napi_value list_commands(const entry_call& call, array_buffer words) {
  if (words.memory.size() != socket_table::list_size) return call.refuse("words is not of the size of the list");
  call.keep(words.value);
  call.here.turn.sockets.list_in(words.memory.data());
  return to_js(call.env, error_code::none);
}

/// obeyListed(): makes room in the list
napi_value obey_listed(const entry_call& call) {
  call.here.turn.sockets.obey_listed();
  return to_js(call.env, error_code::none);
}

napi_value on_sockets(const entry_call& call, js_function callback) {
  call.here.on_sockets.set(call.env, callback.value, "corebuf:sockets");
  return to_js(call.env, error_code::none);
}

/// socketListen(address, port, backlog, reusePort, ipv6Only): the listener's id, or a negative number
napi_value socket_listen(const attached_call& call, std::string text, port_number port, uint32_t backlog, uint32_t reuse_port, uint32_t ipv6_only) {
  const auto address = address_of(text, port);
  if (!address) return to_js(call.env, address.failure());
  const listen_options options = {.backlog = static_cast<int>(backlog), .reuse_port = reuse_port != 0, .ipv6_only = ipv6_only != 0};
  return with_engine(call, [&](net_engine& net) { return net.listen(address.value(), options); });
}

/// socketConnect(address, port): the connection's id, or a negative number
napi_value socket_connect(const attached_call& call, std::string text, port_number port) {
  const auto address = address_of(text, port);
  if (!address) return to_js(call.env, address.failure());
  return with_engine(call, [&](net_engine& net) { return net.connect(address.value()); });
}

/// socketHandOver(connection): a ticket, or a negative number
napi_value socket_hand_over(const entry_call& call, uint32_t connection) {
  net_engine* net = call.here.turn.sockets.engine_if_open();
  if (net == nullptr) return to_js(call.env, error::from_errno(EBADF));
  call.here.turn.sockets.obey_listed();  // What was written before leaves before.
  const auto ticket = net->hand_over(connection);
  return ticket ? to_js(call.env, ticket.value()) : to_js(call.env, ticket.failure());
}

/// socketTakeOver(ticket): the connection's id here, or a negative number
napi_value socket_take_over(const attached_call& call, uint64_t ticket) {
  return with_engine(call, [&](net_engine& net) { return net.take_over(ticket); });
}

/// socketAddress(kind, id): {address, port}, whose port is -1 when the address is a path, or a negative number
napi_value socket_address_of(const entry_call& call, uint32_t kind, uint32_t id) {
  if (kind > static_cast<uint32_t>(address_kind::peer)) return call.refuse("there is no such kind of address");
  const net_engine* net = call.here.turn.sockets.engine_if_open();
  if (net == nullptr) return to_js(call.env, error::from_errno(EBADF));
  const auto found = net->address(static_cast<address_kind>(kind), id);
  if (!found) return to_js(call.env, found.failure());
  const socket_address& address = found.value();
  Napi::Object described = Napi::Object::New(call.env);
  described["address"] = Napi::String::New(call.env, address.is_ip() ? address.host() : address.path());
  described["port"] = Napi::Number::New(call.env, address.is_ip() ? address.port() : port_number::none);
  return described;
}

/// socketHold(held): 1 keeps the event loop alive, 0 no longer
napi_value socket_hold(const attached_call& call, uint32_t held) {
  call.here.turn.sockets.hold(call.here.turn.loop(), held != 0);
  return to_js(call.env, error_code::none);
}

constexpr const char* no_such_layout = "the length field of a frame has 1 to 4 bytes";

/// takeFrames(slot, layout, lengthMax, first, most): moves whole frames off the front of a chain into the empty slots from `first` on,
/// at most `most`, and none behind a slot that is not empty. Returns how many, and writes the frame_front of the next one to `outgoing`: its
/// state, and its bytes as two words.
napi_value take_frames(const attached_call& call, handle_slot slot, uint32_t bits, uint32_t length_max, handle_slot first, uint32_t most) {
  const frame_layout layout = frame_layout_of(bits, length_max);
  if (layout.length_bytes == 0 || layout.length_bytes > sizeof(uint32_t)) return call.refuse(no_such_layout);
  if (most > call.handles().slots() - first) return call.refuse("there are not so many slots");
  const opened_to_change from(call.here, slot);
  uint32_t taken = 0;
  frame_front next = frame_in_front(*from, layout);
  for (; next.state == frame_state::whole && taken < most; next = frame_in_front(*from, layout)) {
    const opened_to_change into(call.here, first + taken);
    if (into->fragment_count() != 0) break;
    if (!take_frame(call.home(), *from, next.bytes, layout, *into)) {
      next.state = frame_state::out_of_memory;
      break;
    }
    ++taken;
  }
  const uint32_t told[] = {static_cast<uint32_t>(next.state), static_cast<uint32_t>(next.bytes), static_cast<uint32_t>(next.bytes >> 32)};
  std::memcpy(call.here.turn.area.body().data(), told, sizeof told);
  return to_js(call.env, taken);
}

/// socketStats(): what NetStats says
napi_value socket_stats(const entry_call& call) {
  const napi_env env = call.env;
  const net_engine* net = call.here.turn.sockets.engine_if_open();
  const net_stats stats = net == nullptr ? net_stats{} : net->stats();
  const std::pair<const char*, uint64_t> counted[] = {
      {"connections", stats.connections},   {"listeners", stats.listeners},
      {"accepted", stats.accepted},         {"acceptFailures", stats.accept_failures},
      {"connected", stats.connected},       {"adopted", stats.adopted},
      {"handedOver", stats.detached},       {"closed", stats.closed},
      {"failed", stats.failed},             {"idleEnded", stats.idle_ended},
      {"starvedEnded", stats.starved_ended},
      {"bytesReceived", stats.bytes_received}, {"bytesSent", stats.bytes_sent},
      {"receives", stats.receives},         {"sends", stats.sends},
      {"polls", stats.polls},               {"partialSends", stats.sends_partial},
      {"pausesFull", stats.pauses_full},    {"pausesUnsent", stats.pauses_unsent},
      {"pausesStarved", stats.pauses_starved},
  };
  Napi::Object described = Napi::Object::New(env);
  described["poller"] = Napi::String::New(env, net == nullptr ? "none" : net->poller_name());
  for (const auto& [name, value] : counted) described[name] = Napi::Number::New(env, static_cast<double>(value));
  return described;
}

}  // namespace

void bind_sockets(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      entry<"listCommands", list_commands>,      entry<"obeyListed", obey_listed>,
      entry<"onSockets", on_sockets>,            entry<"socketListen", socket_listen>,
      entry<"socketConnect", socket_connect>,    entry<"socketHandOver", socket_hand_over>,
      entry<"socketTakeOver", socket_take_over>, entry<"socketAddress", socket_address_of>,
      entry<"socketHold", socket_hold>,          entry<"socketStats", socket_stats>,
      entry<"takeFrames", take_frames>,
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
