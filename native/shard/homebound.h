// An object that travels back to the shard whose memory it lies in, to be freed there: the link of outboxes
// and of deferred frees. The layer above derives its objects from it; this layer never looks inside.
#pragma once

namespace corebuf {

struct homebound {
  homebound* next = nullptr;
};

}  // namespace corebuf
