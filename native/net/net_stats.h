// What the network of one shard has done since its engine was opened. Counters only grow; gauges say how it is now.
#pragma once

#include <cstddef>
#include <cstdint>

namespace corebuf {

struct net_stats {
  size_t connections = 0;  // gauge: accepted, connected, adopted or under way, and not closed
  size_t listeners = 0;    // gauge
  uint64_t accepted = 0;
  uint64_t accept_failures = 0;  // accept(2) said something else than "none"
  uint64_t connected = 0;        // by connect()
  uint64_t adopted = 0;
  uint64_t detached = 0;
  uint64_t closed = 0;  // for whatever reason
  uint64_t failed = 0;  // of these, with an errno
  uint64_t idle_ended = 0;  // of these, because the peer took nothing for too long
  uint64_t starved_ended = 0;  // of the failed, because reading rested for want of memory for too long
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  uint64_t receives = 0;  // system calls that read, the ones that found nothing included
  uint64_t sends = 0;     // system calls that wrote, the ones that were refused included
  uint64_t polls = 0;     // system calls that asked which sockets are ready
  uint64_t sends_partial = 0;   // the kernel took less than it was given
  uint64_t pauses_full = 0;     // reading stopped at the limit of a connection's input
  uint64_t pauses_unsent = 0;   // reading stopped because too much waited to be sent
  uint64_t pauses_starved = 0;  // reading stopped because the shard's budget was spent
};

}  // namespace corebuf
