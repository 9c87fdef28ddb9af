// All shards of the process and all lanes between them. Shard numbers are handed out here, and used again
// when the last reference into the memory of a dead shard has come home. When a message is sent to a dead
// shard, the thread that notices first frees what the message carried and answers its requests with `gone`.
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

  /// Gives the calling thread a shard. out_of_memory when all numbers are taken or the arena cannot be
  /// committed.
  result<shard*> attach(const heap_options& memory, const shard_handlers& handlers);

  /// The calling thread ends: its requests have been bounced and its objects released. Other threads see at
  /// once that the shard is dead; its arena stays until it is empty.
  void detach(shard& ending);

  /// Null until a shard of this number has existed.
  shard* at(shard_id id) const { return shards_[id].load(std::memory_order_acquire); }  // Pairs with attach's release.

  bool alive(shard_ref ref) const;

  /// Dead shards whose memory is still in use.
  size_t dead_shards() const { return dead_shards_.load(std::memory_order_relaxed); }

  /// Whether messages of a dead shard wait for room in a lane.
  bool dead_mail() const { return dead_mail_.load(std::memory_order_relaxed); }

  /// Does the work of every dead shard as far as possible: frees returned objects, bounces requests, flushes
  /// outboxes. Any thread; takes a lock of the process.
  void clean_up_dead();

 private:
  friend class shard;

  mesh() = default;

  lane* lane_between(shard_id from, shard_id to) const {
    return lanes_[from][to].load(std::memory_order_acquire);  // Pairs with open_lane's release.
  }
  lane& open_lane(shard_id from, shard_id to);
  void clean_up_locked();
  void retire(shard& empty);

  std::array<std::atomic<shard*>, shards_max> shards_{};
  std::array<std::array<std::atomic<lane*>, shards_max>, shards_max> lanes_{};
  std::atomic<size_t> dead_shards_{0};
  std::atomic<bool> dead_mail_{false};
  std::mutex dead_lock_;  // guards shard numbers and all dead shards
};

}  // namespace corebuf
