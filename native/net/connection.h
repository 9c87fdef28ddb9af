// One TCP or Unix connection of a shard. A plain record: net_engine holds the rules, connection_table the memory.
//
//   fresh ──start──▶ open ──▶ closed        fresh: accepted or adopted, and not yet in the poller
//   connecting ────▶ open                   closed: the descriptor is gone; the id stays until the program was told
//
// Each direction ends by itself: `read_ended` by the peer, `write_ended` by us. When both have ended the connection closes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "buffer/iobuf.h"
#include "io/unique_fd.h"
#include "net/net_lists.h"
#include "net/poller.h"

namespace corebuf {

enum class connection_state : uint8_t { fresh, connecting, open, closed };

/// How a connection ends once everything has been sent.
enum class ending : uint8_t { none, end, finish };

/// Events that wait to be told, as bits: 1 << net_event.
using event_set = uint16_t;
constexpr event_set event_bit(net_event kind) { return static_cast<event_set>(1U << static_cast<uint32_t>(kind)); }

struct connection {
  const uint32_t id;
  unique_fd fd;
  connection_state state = connection_state::fresh;

  // Receiving.
  bool started = false;     // input_slot is good
  bool paused = false;      // by the program
  bool read_ended = false;  // by the peer
  bool bulk = false;        // the last turn brought much: the next read gets much room
  uint32_t input_slot = no_slot;
  size_t input_limit = 0;            // bytes of input at which reading stops
  size_t unsent_limit = SIZE_MAX;    // bytes of output at which reading stops

  // Sending.
  bool dirty = false;        // listed: something is to be done before the next poll
  bool tell_sent = false;    // the program waits for it
  bool backlogged = false;   // told `unsent`, and not yet `sent`
  bool write_ended = false;  // the peer has been told the end
  ending wanted_end = ending::none;
  iobuf output;
  uint64_t bytes_sent = 0;
  uint32_t idle_limit_ms = 0;
  bool limited = false;     // listed: has been backlogged with an idle limit
  uint64_t give_up_us = 0;  // when to close; 0 while the kernel has taken everything
  size_t untaken = 0;       // by the peer, when give_up_us was set: see os_socket::untaken()

  // What the poller knows.
  bool watched = false;
  interest watching = wants_nothing;
  bool stalled = false;  // listed: readable, and not read because it may not, or for want of memory

  // What the program has yet to be told.
  bool telling = false;  // listed
  event_set untold = 0;
  uint32_t received_untold = 0;
  uint32_t accepted_by = no_socket;
  int close_errno = 0;
  net_call close_call = net_call::none;

  explicit connection(uint32_t number) : id(number) {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Too much waits to be sent: a peer that takes no answers must not have more of them made.
  bool sends_first() const { return output.length() >= unsent_limit; }

  bool may_read(size_t input_length) const {
    return state == connection_state::open && started && !paused && !read_ended && input_length < input_limit && !sends_first();
  }
};

}  // namespace corebuf
