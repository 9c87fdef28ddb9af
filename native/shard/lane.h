// The way from one shard to one other. An item is a message, or a whole chain of homebound objects: one item per
// chain, never one per object. Objects that come one by one have a ring of plain pointers: who gives them back never touches
// them, so that their cache lines stay where they were.
#pragma once

#include <atomic>
#include <cstddef>

#include "base/chain.h"
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
  static lane_item of(const chain<homebound>& returned) {
    return {nullptr, returned.front(), returned.back(), returned.size()};
  }
};

/// Bursts longer than this wait in the sender's outbox.
inline constexpr size_t lane_slots = 128;

/// Single returns beyond these are linked into a chain.
inline constexpr size_t lane_singles = 512;

struct lane {
  spsc_ring<lane_item, lane_slots> ring;
  spsc_ring<homebound*, lane_singles> singles;
  // Set by a sender that found the ring full, taken by the receiver that made room and must wake it.
  alignas(cache_line) std::atomic<bool> sender_waits{false};

  bool empty() const { return ring.empty() && singles.empty(); }
};

}  // namespace corebuf
