// The queue from one shard to one other. An item is a message, or a whole chain of homebound objects: one
// item per chain, never one per object. Single objects have a ring of plain pointers, so that the shard that
// gives them back does not touch them and their cache lines stay where they were.
#pragma once

#include <atomic>
#include <cstddef>

#include "base/intrusive_list.h"
#include "shard/homebound.h"
#include "shard/message.h"
#include "shard/spsc_ring.h"

namespace corebuf {

struct lane_item {
  message* posted = nullptr;
  homebound* first = nullptr;
  homebound* last = nullptr;
  size_t count = 0;

  static lane_item of(message* posted) { return {posted, nullptr, nullptr, 0}; }
  static lane_item of(const intrusive_list<homebound>& returned) {
    return {nullptr, returned.front(), returned.back(), returned.size()};
  }
};

/// Items. Longer bursts wait in the outbox of the sender.
inline constexpr size_t lane_slots = 128;

/// Single objects beyond these are linked into a chain.
inline constexpr size_t lane_singles = 512;

struct lane {
  spsc_ring<lane_item, lane_slots> ring;
  spsc_ring<homebound*, lane_singles> singles;
  // Set by a sender that found the ring full; cleared by the receiver, which then has made room and wakes the
  // sender.
  alignas(cache_line) std::atomic<bool> sender_waits{false};

  bool empty() const { return ring.empty() && singles.empty(); }
};

}  // namespace corebuf
