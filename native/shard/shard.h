// One thread's place in the mesh: its memory, its outboxes and its end of every lane. A turn is
//
//   drain lanes and deliver messages ─▶ free what came home ─▶ flush outboxes
//
// Everything here is for the home thread alone, except where a comment says otherwise. A shard outlives its thread: once
// it is gone, any other thread may act as its home under the mesh's orphan lock until its memory has come back.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

#include "base/chain.h"
#include "base/mpsc_stack.h"
#include "base/shard_id.h"
#include "memory/shard_heap.h"
#include "shard/holdings.h"
#include "shard/homebound.h"
#include "shard/lane.h"
#include "shard/ledger.h"
#include "shard/message.h"
#include "shard/outbox.h"
#include "shard/shard_set.h"
#include "shard/turn_quota.h"

namespace corebuf {

class mesh;
class shard;

/// What the layers above do for a shard.
struct shard_handlers {
  void (*drop)(shard& home, homebound* object) = nullptr;     // frees one object that lies in `home`'s memory
  void (*receive)(shard& home, message* delivered) = nullptr;  // takes the message over; null when the thread has ended
  void (*wake)(void* context) = nullptr;                       // called by other threads while this one sleeps
  void* context = nullptr;
};

struct shard_counters {
  uint64_t turns = 0;
  uint64_t messages_received = 0;
  uint64_t returns_sent = 0;      // objects handed to other homes
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

  /// Any shard's object: dropped when it is ours, else it waits in the outbox of its home. Allocates nothing and
  /// touches no count of another home.
  void release(homebound* object);
  /// The same for a whole chain; `home` is the one home of all of it.
  void release(chain<homebound>&& objects, shard_id home);
  /// The same when homes are mixed.
  void release(chain<homebound>&& objects);

  /// For threads that have no shard (engine helpers, a thread pool): gives up one object of ours. Lock-free; any thread.
  void hand_back(homebound* object);

  /// Leaves at the next flush. Order is kept between two shards.
  void post(message* posted);
  /// Ends a request that nobody will answer: its payload is released and it returns to who asked.
  void bounce(message* request);
  /// Frees a message of ours, and what it carries.
  void dispose(message* ours);

  /// True when work is left: the next turn should come without waiting.
  bool turn(turn_quota quota);
  /// Puts the outboxes into the lanes and wakes who sleeps.
  void flush();
  /// Flushes; then true when nothing is left to do, and from then on whoever sends will wake this shard.
  bool prepare_to_sleep();
  void awake();

  size_t returns_pending() const { return returns_.size(); }
  const shard_counters& counters() const { return counters_; }
  uint64_t sent_to(shard_id to) const { return outboxes_[to].sent; }
  size_t waiting_for(shard_id to) const { return outboxes_[to].messages.size(); }
  uint64_t received_from(shard_id from) const { return received_[from]; }

  ledger& ledger_here() { return ledger_; }
  holdings& holdings_here() { return holdings_; }

  void invariant();

 private:
  friend class mesh;

  static constexpr uint32_t status_sleeping = 1;
  static constexpr uint32_t status_gone = 2;  // also of a shard that never was

  void revive(shard_heap* heap, const shard_handlers& handlers);
  void wake();    // any thread
  bool rouse();   // any thread, after it has left something here: false when this shard is gone
  void take_handed_back();

  bool drain(turn_quota& quota);
  bool drain_lane(shard_id from, turn_quota& quota);
  void take_singles(lane& inbound, turn_quota& quota);
  void deliver(message* delivered);
  void drop_returns(turn_quota& quota);
  bool lanes_empty() const;
  bool flush_outboxes();  // false when somebody we send to is gone
  bool orphan_turn();     // true when something moved
  bool outboxes_empty() const { return outboxes_waiting_.empty(); }

  mesh& mesh_;
  const shard_id id_;
  std::atomic<uint32_t> incarnation_{0};  // changes only while the shard is gone
  shard_heap* heap_ = nullptr;
  shard_handlers handlers_;
  ledger ledger_;
  holdings holdings_;
  shard_counters counters_;

  chain<homebound> returns_;     // came home, not yet dropped
  shard_id drain_first_ = 0;    // the sender the next turn begins with
  shard_set outboxes_waiting_;  // outboxes with something in them
  std::array<outbox, shards_max> outboxes_;
  std::array<uint64_t, shards_max> received_{};

  // Other threads' side.
  alignas(cache_line) std::atomic<uint32_t> status_{status_gone};
  mpsc_stack<homebound> handed_back_;
  std::array<std::atomic<uint64_t>, shards_max / 64> senders_{};  // who has ever opened a lane to us
  std::mutex wake_lock_;                                          // guards handlers_.wake
};

}  // namespace corebuf
