// The smallest thing that goes home, for tests of this layer: an object and nothing else.
#pragma once

#include <new>

#include "shard/shard.h"

namespace corebuf {

struct parcel : homebound {
  static parcel* make(shard& home) { return new (home.heap().allocate(sizeof(parcel))) parcel; }
  static void drop(shard& home, homebound* object) { home.heap().free(object); }
};

inline chain<homebound> make_parcels(shard& home, size_t count) {
  chain<homebound> made;
  for (size_t at = 0; at < count; ++at) made.push_back(parcel::make(home));
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
