// Objects and messages that wait on one shard to go to one other: objects of that shard on their way home,
// and messages. Both are intrusive lists, so adding one needs no memory and cannot fail, however full the
// lane is.
#pragma once

#include <cstdint>

#include "base/counter.h"
#include "base/intrusive_list.h"
#include "shard/homebound.h"
#include "shard/lane.h"
#include "shard/message.h"

namespace corebuf {

struct outbox {
  intrusive_list<homebound> returns;
  intrusive_list<message> messages;
  counter sent;  // messages put into the lane

  bool empty() const { return returns.empty() && messages.empty(); }

  void leave(lane& to, homebound* returned) {
    if (!to.singles.try_stage(returned)) returns.push_back(returned);
  }

  void post(message* posted) {
    messages.push_back(posted);
    if (unstamped_ == nullptr) unstamped_ = posted;
  }
  bool has_unstamped() const { return unstamped_ != nullptr; }

  /// Notes the time of the first flush after each was posted, whether the lane has room or not.
  void stamp(uint64_t now_ns) {
    for (; unstamped_ != nullptr; unstamped_ = unstamped_->next) {
      unstamped_->posted_ns = now_ns;
      if (unstamped_->kind == message_kind::request) unstamped_->called_ns = now_ns;
    }
  }

  /// Puts objects first, because they give memory back and are one item, then messages. The receiver sees all
  /// of them at once.
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
      sent.add(1);
    }
    return true;
  }

  message* unstamped_ = nullptr;  // the first in `messages` without a time; all after it have none either
};

}  // namespace corebuf
