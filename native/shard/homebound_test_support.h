// The smallest object that goes home, for tests of this layer: it holds nothing.
#pragma once

#include <new>

#include "shard/shard.h"

namespace corebuf {

struct plain_homebound : homebound {
  static plain_homebound* make(shard& home) { return new (home.heap().allocate(sizeof(plain_homebound))) plain_homebound; }
  static void drop(shard& home, homebound* object) { home.heap().free(object); }
};

inline intrusive_list<homebound> make_homebound(shard& home, size_t count) {
  intrusive_list<homebound> made;
  for (size_t at = 0; at < count; ++at) made.push_back(plain_homebound::make(home));
  return made;
}

/// A request from `here` to `to`, or null when the budget is spent.
inline message* make_request(shard& here, shard_ref to, uint32_t number = 0) {
  void* memory = here.heap().allocate(sizeof(message));
  if (memory == nullptr) return nullptr;
  message* made = new (memory) message;
  made->from = here.id();
  made->to = to.id;
  made->incarnation = to.incarnation;
  made->number = number;
  return made;
}

inline void answer(shard& here, message* request) {
  request->kind = message_kind::reply;
  here.post(request);
}

}  // namespace corebuf
