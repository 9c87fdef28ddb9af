// What waits on one shard to go to one other: objects of that shard on their way home, and messages. Both are
// intrusive lists, so that leaving something here needs no memory and cannot fail, however full the lane is.
#pragma once

#include <cstdint>

#include "base/chain.h"
#include "shard/homebound.h"
#include "shard/lane.h"
#include "shard/message.h"

namespace corebuf {

struct outbox {
  chain<homebound> returns;
  chain<message> messages;
  uint64_t sent = 0;  // messages put into the lane

  bool empty() const { return returns.empty() && messages.empty(); }

  void leave(lane& to, homebound* returned) {
    if (!to.singles.try_stage(returned)) returns.push_back(returned);
  }

  /// Returns go first: they are one item, and they give memory back.
  /// True when everything fitted.
  bool flush_into(lane& to) {
    to.singles.publish();
    if (!returns.empty()) {
      if (!to.ring.try_push(lane_item::of(returns))) return false;
      returns.forget();
    }
    while (message* posted = messages.front()) {
      // Taken off before it is pushed: from the push on it is the receiver's, link included.
      messages.pop_front();
      if (!to.ring.try_push(lane_item::of(posted))) {
        messages.push_front(posted);
        return false;
      }
      ++sent;
    }
    return true;
  }
};

}  // namespace corebuf
