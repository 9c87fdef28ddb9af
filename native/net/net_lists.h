// The two lists through which a shard's network and its program talk, once each per turn: events one way, commands the other.
// Both are arrays of records of four 32-bit words in memory that JavaScript shares, so that a turn costs one call however much
// has happened. The binding exports the numbers; nobody types them twice.
//
//   events    kind │ socket │ low │ high        engine ──▶ program, in net_engine::tell()
//   commands  op   │ socket │ a   │ b           program ──▶ engine, in net_engine::obey()
//
// A socket is known by its id, 1 … 2^31 - 1, which is never 0. An id belongs to one socket until the program has read `closed` of
// it; a command with an id that is no longer good does nothing. Ids of connections and of listeners are different numbers.
#pragma once

#include <cstdint>

namespace corebuf {

inline constexpr uint32_t no_socket = 0;
inline constexpr uint32_t no_slot = UINT32_MAX;

/// Events of one connection come in the order of this list, each at most once in a call of tell(). Closed is the last of all.
enum class net_event : uint32_t {
  accepted,     // low: the listener. The connection waits for `start`, and receives nothing before
  connected,    // what connect() has begun is done
  received,     // low: bytes that came behind the input since the last such event
  ended,        // the peer sends no more: all that it has sent has been received
  sent,         // low, high: bytes that the kernel has taken since the beginning, which is all of them
  unsent,       // low, high: the same, while more wait. Told after each step, until `sent`
  closed,       // low: errno or 0; high: the net_call that failed. The socket is closed
  accept_failed,  // of a listener. low: errno. It goes on by itself, after a pause where descriptors are short
  starved,      // of no socket. low: bytes that the shard's budget could not give. Reading goes on by itself
};

/// What `closed` names as the cause, as `syscall` of node:net's errors.
enum class net_call : uint32_t {
  none,     // closed by a command, or at both ends
  connect,
  read,
  write,    // also when the peer took nothing for as long as the idle limit says: ETIMEDOUT
  memory,   // no call: reading rested for want of memory for as long as the idle limit says. ENOMEM
};

struct net_event_record {
  net_event kind;
  uint32_t socket;
  uint32_t low;
  uint32_t high;
};

/// tell() needs room for so many records to tell of one connection.
inline constexpr uint32_t net_records_per_socket = 6;

enum class net_command : uint32_t {
  start,       // a: the slot that input goes to; b: bytes of input at which reading stops until some are consumed
  limit,       // a, b: the same bytes, anew, low and high
  input,       // a: the slot that input goes to from now on; what came before stays in the other
  send,        // a: the slot whose chain is moved out and sent; b: 1 when `sent` shall be told even if all goes out at once
  tell,        // `sent` shall be told once all that was written has left, even if it has already
  end,         // the peer finds the end behind what was sent before; receiving goes on
  finish,      // closes once all has been sent
  close,       // closes now; the kernel is offered what waits once, and what it does not take is dropped
  reset,       // closes now, and the peer gets ECONNRESET
  pause,       // reads no more
  resume,
  no_delay,    // a: 0 or 1
  keep_alive,  // a: seconds without traffic before the first probe, or 0 for none
  idle_limit,  // a: milliseconds for which a peer may take nothing of what waits for it, and for which reading may rest for want
               // of memory, or 0 for ever
  unsent_limit,  // a: bytes that wait to be sent at which reading stops until the kernel has taken some
  accept,      // of a listener. a: 1 to go on, 0 to leave connections in the backlog
  unlisten,    // of a listener: closes it, with no event
};

/// Whether `a` is a slot. A command with a slot that does not exist does nothing.
constexpr bool takes_slot(net_command op) { return op == net_command::start || op == net_command::input || op == net_command::send; }

struct net_command_record {
  net_command op;
  uint32_t socket;
  uint32_t a;
  uint32_t b;
};

static_assert(sizeof(net_event_record) == 16 && sizeof(net_command_record) == 16);

}  // namespace corebuf
