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

  /// Returns go first: they are one item, and they give memory back. The receiver sees all of it at once.
  /// True when everything fitted.
  bool flush_into(lane& to) {
    to.singles.publish();
    const bool all = stage_into(to);
    to.ring.publish();
    return all;
  }

 private:
  bool stage_into(lane& to) {
    if (!returns.empty()) {
      if (!to.ring.try_stage(lane_item::of(returns))) return false;
      returns.forget();
    }
    while (message* posted = messages.front()) {
      if (!to.ring.try_stage(lane_item::of(posted))) return false;
      messages.pop_front();
      ++sent;
    }
    return true;
  }
};

}  // namespace corebuf
