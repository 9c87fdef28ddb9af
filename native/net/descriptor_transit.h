// Descriptors on their way from one shard of the process to another. A descriptor is only a number, and a message with it may
// arrive, get lost with its receiver, or be answered too late; so the number stays here, and the message carries a ticket that is
// good once. Whoever takes the ticket owns the descriptor, and what nobody takes is closed when its sender ends.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "io/unique_fd.h"
#include "shard/message.h"

namespace corebuf {

class descriptor_transit {
 public:
  /// That of the process; never destroyed. Each call may come from any thread.
  static descriptor_transit& get();

  /// The ticket is less than 2^53, and never given again.
  uint64_t leave(unique_fd descriptor, shard_ref sender);
  /// Not valid when somebody has taken it, or its sender has ended.
  unique_fd take(uint64_t ticket);
  /// The shard ends.
  void drop_those_of(shard_ref sender);

  size_t size();

 private:
  struct traveller {
    uint64_t ticket = 0;
    shard_ref sender;
    unique_fd descriptor;
  };

  std::mutex lock_;
  uint64_t last_ticket_ = 0;
  std::vector<traveller> travellers_;
};

}  // namespace corebuf
