// The way from one shard to one other. An item is a message, or a whole chain of homebound objects: one item per
// chain, never one per object.
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

struct lane {
  spsc_ring<lane_item, lane_slots> ring;
  // Set by a sender that found the ring full, taken by the receiver that made room and must wake it.
  alignas(cache_line) std::atomic<bool> sender_waits{false};
};

}  // namespace corebuf
