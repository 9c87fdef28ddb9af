// All shards of the process and all lanes between them. Shard numbers are handed out here, and used again once the
// last reference into a dead shard's memory has come home. What is sent to a shard that is gone is handled in its
// stead by whoever notices: its memory is freed, its requests are answered with `gone`.
#pragma once

#include <array>
#include <atomic>
#include <mutex>

#include "base/result.h"
#include "shard/lane.h"
#include "shard/shard.h"

namespace corebuf {

class mesh {
 public:
  static mesh& get();

  /// Gives the calling thread a shard. out_of_memory when all numbers are taken or the arena cannot be committed.
  result<shard*> attach(const heap_options& memory, const shard_handlers& handlers);

  /// The calling thread ends: its requests have been bounced and its objects released. Others see it gone at once; its
  /// arena stays until it is empty.
  void detach(shard& ending);

  /// Null until a shard of this number has existed.
  shard* at(shard_id id) const { return shards_[id].load(std::memory_order_acquire); }  // Pairs with attach's release.

  bool alive(shard_ref ref) const;

  /// Shards that are gone and still own memory that somebody uses.
  size_t orphans() const { return orphans_.load(std::memory_order_relaxed); }

  /// Something that a shard left behind waits for room in a lane.
  bool orphan_mail() const { return orphan_mail_.load(std::memory_order_relaxed); }

  /// Acts as every shard that is gone until none can get further. Any thread.
  void tend_orphans();

 private:
  friend class shard;

  mesh() = default;

  lane* lane_between(shard_id from, shard_id to) const {
    return lanes_[from][to].load(std::memory_order_acquire);  // Pairs with open_lane's release.
  }
  lane& open_lane(shard_id from, shard_id to);
  void tend_locked();
  void retire(shard& empty);

  std::array<std::atomic<shard*>, shards_max> shards_{};
  std::array<std::array<std::atomic<lane*>, shards_max>, shards_max> lanes_{};
  std::atomic<size_t> orphans_{0};
  std::atomic<bool> orphan_mail_{false};
  std::mutex orphan_lock_;  // guards shard numbers, and every shard that is gone
};

}  // namespace corebuf
