// One thread's end of the mesh: its memory, its outboxes and its ends of all lanes. A turn is
//
//   drain lanes and deliver messages ─▶ free what came home ─▶ flush outboxes
//
// Only the home thread may call these functions, except where a comment says otherwise. A shard outlives its
// thread: when it is dead, any thread that holds the mesh's lock of dead shards may act as its home, until
// its memory has come back.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

#include "base/intrusive_list.h"
#include "base/mpsc_stack.h"
#include "base/shard_id.h"
#include "memory/shard_heap.h"
#include "shard/holdings.h"
#include "shard/homebound.h"
#include "shard/lane.h"
#include "shard/ledger.h"
#include "shard/message.h"
#include "shard/outbox.h"
#include "shard/shard_metrics.h"
#include "shard/shard_set.h"
#include "shard/turn_quota.h"

namespace corebuf {

class mesh;
class shard;

/// Functions of the layers above.
struct shard_handlers {
  void (*drop)(shard& home, homebound* object) = nullptr;     // frees one object that lies in `home`'s memory
  void (*receive)(shard& home, message* delivered) = nullptr;  // takes over the message; null at the end
  void (*wake)(void* context) = nullptr;                       // called by other threads while this one sleeps
  void* context = nullptr;
};

struct shard_counters {
  uint64_t turns = 0;
  uint64_t messages_received = 0;
  uint64_t returns_sent = 0;      // objects sent to other homes
  uint64_t returns_received = 0;  // objects of ours that came back
};

class shard {
 public:
  shard(mesh& mesh, shard_id id) : mesh_(mesh), id_(id) {}
  shard(const shard&) = delete;
  shard& operator=(const shard&) = delete;

  shard_id id() const { return id_; }
  shard_ref ref() const { return {id_, incarnation_.load(std::memory_order_relaxed)}; }
  shard_heap& heap() const { return *heap_; }
  void* context() const { return handlers_.context; }

  /// Gives up an object of any shard: frees it when it is ours, else puts it into the outbox of its home.
  /// Allocates nothing and touches no count of another home.
  void release(homebound* object);
  /// The same for a list of objects that all have this home. O(1) when that is another shard.
  void release(intrusive_list<homebound>&& objects, shard_id home);
  /// The same for a list of objects of any homes.
  void release(intrusive_list<homebound>&& objects);

  /// Gives up one object of this shard from a thread that has no shard, such as a helper of an engine.
  /// Lock-free; any thread.
  void hand_back(homebound* object);

  /// Sends a message at the next flush. Messages between two shards stay in order.
  void post(message* posted);
  /// Ends a request that nobody will answer: releases its payload and returns it to the caller as `gone`.
  void bounce(message* request);
  /// Frees a message of this shard, and its payload.
  void dispose(message* ours);

  /// Runs one turn. True when work is left, so the next turn should come without waiting.
  bool turn(turn_quota quota);
  /// Puts the outboxes into the lanes and wakes receivers that sleep.
  void flush();
  /// Flushes. True when nothing is left to do: from then on a shard that sends something wakes this one.
  bool prepare_to_sleep();
  void awake();

  size_t returns_pending() const { return returns_.size(); }
  const shard_counters& counters() const { return counters_; }
  uint64_t sent_to(shard_id to) const { return outboxes_[to].sent; }
  size_t waiting_for(shard_id to) const { return outboxes_[to].messages.size(); }
  uint64_t received_from(shard_id from) const { return received_[from]; }

  /// False before a thread has this shard, and after its end. Any thread.
  bool attached() const { return (status_.load(std::memory_order_acquire) & status_gone) == 0; }
  shard_metrics& metrics() { return metrics_; }

  ledger& ledger_here() { return ledger_; }
  holdings& holdings_here() { return holdings_; }

  void invariant();

 private:
  friend class mesh;

  static constexpr uint32_t status_sleeping = 1;
  static constexpr uint32_t status_gone = 2;  // also before a shard of this number has existed

  void revive(shard_heap* heap, const shard_handlers& handlers);
  void wake();    // any thread
  bool rouse();   // any thread, after it has put something into a queue here: false when this shard is dead
  void take_handed_back();

  bool drain(turn_quota& quota);
  bool drain_lane(shard_id from, turn_quota& quota);
  void take_singles(lane& inbound, turn_quota& quota);
  void deliver(message* delivered);
  void drop_returns(turn_quota& quota);
  bool lanes_empty() const;
  bool flush_outboxes();  // false when a receiver is dead
  bool dead_turn();     // true when something moved
  bool outboxes_empty() const { return outboxes_waiting_.empty(); }

  mesh& mesh_;
  const shard_id id_;
  std::atomic<uint32_t> incarnation_{0};  // changes only while the shard is dead
  shard_heap* heap_ = nullptr;
  shard_handlers handlers_;
  ledger ledger_;
  holdings holdings_;
  shard_counters counters_;
  shard_metrics metrics_;

  intrusive_list<homebound> returns_;     // have come home and are not freed yet
  shard_id drain_first_ = 0;    // the next turn begins with this sender
  shard_set outboxes_waiting_;  // outboxes with something in them
  std::array<outbox, shards_max> outboxes_;
  std::array<uint64_t, shards_max> received_{};

  // Written by other threads.
  alignas(cache_line) std::atomic<uint32_t> status_{status_gone};
  mpsc_stack<homebound> handed_back_;
  std::array<std::atomic<uint64_t>, shards_max / 64> senders_{};  // bits: shards with a lane to this one
  std::mutex wake_lock_;                                          // guards handlers_.wake
};

}  // namespace corebuf
