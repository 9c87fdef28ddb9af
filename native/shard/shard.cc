#include "shard/shard.h"

#include "memory/address_map.h"
#include "shard/mesh.h"
#include "shard/watched_turn.h"

namespace corebuf {

void shard::revive(shard_heap* heap, const shard_handlers& handlers) {
  ASSERT(returns_.empty() && outboxes_empty());
  incarnation_.fetch_add(1, std::memory_order_relaxed);
  heap_ = heap;
  ledger_ = {};
  holdings_ = {};
  counters_ = {};
  metrics_.clear();
  received_ = {};
  for (outbox& box : outboxes_) box.sent.set(0);
  std::lock_guard guard(wake_lock_);
  handlers_ = handlers;
}

void shard::release(homebound* object) {
  ASSERT_HOME(id_);
  const shard_id home = owner(object);
  if (home == id_) return handlers_.drop(*this, object);
  outboxes_[home].leave(mesh_.open_lane(id_, home), object);
  outboxes_waiting_.add(home);
  ++counters_.returns_sent;
}

void shard::release(intrusive_list<homebound>&& objects, shard_id home) {
  ASSERT_HOME(id_);
  if (home != id_) {
    counters_.returns_sent += objects.size();
    outboxes_[home].returns.splice(std::move(objects));
    outboxes_waiting_.add(home);
    return;
  }
  while (homebound* object = objects.pop_front()) handlers_.drop(*this, object);
}

void shard::release(intrusive_list<homebound>&& objects) {
  while (homebound* object = objects.pop_front()) release(object);
}

void shard::post(message* posted) {
  ASSERT_HOME(id_);
  const shard_id to = posted->kind == message_kind::request ? posted->to : posted->from;
  outboxes_[to].post(posted);
  outboxes_waiting_.add(to);
}

void shard::bounce(message* request) {
  ASSERT(request->kind == message_kind::request);
  release(std::move(request->payload));
  request->kind = message_kind::reply;
  request->status = message_status::gone;
  request->transfers = 0;
  request->encoded_length = request->encoded_in_payload = 0;
  post(request);
}

void shard::dispose(message* ours) {
  release(std::move(ours->payload));
  heap_->free(ours);
}

bool shard::turn(turn_quota quota) {
  ASSERT_HOME(id_);
  ++counters_.turns;
  take_handed_back();
  drop_returns(quota);  // First, so that a flood of messages cannot delay the freeing of memory.
  const bool drained = drain(quota);
  drop_returns(quota);
  if (mesh_.dead_mail()) mesh_.clean_up_dead();
  flush();
  return !drained || !returns_.empty();
}

/// True when every lane was found empty. Begins with the sender for which the last turn had no quota left. It
/// visits the first word of senders_ twice, because the senders before that one come last.
bool shard::drain(turn_quota& quota) {
  bool empty = true;
  const size_t words = senders_.size();
  const uint64_t from_first_on = ~uint64_t{0} << drain_first_ % 64;
  for (size_t step = 0, first_word = drain_first_ / 64; step <= words; ++step) {
    const size_t word = (first_word + step) % words;
    const uint64_t mask = step == 0 ? from_first_on : step == words ? ~from_first_on : ~uint64_t{0};
    // Pairs with open_lane's release: the lane exists.
    for (uint64_t bits = senders_[word].load(std::memory_order_acquire) & mask; bits != 0; bits &= bits - 1) {
      const auto from = static_cast<shard_id>(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
      if (quota.spent()) {
        drain_first_ = from;
        return lanes_empty();
      }
      if (!drain_lane(from, quota)) empty = false;
    }
  }
  return empty;
}

bool shard::drain_lane(shard_id from, turn_quota& quota) {
  lane& inbound = *mesh_.lane_between(from, id_);
  take_singles(inbound, quota);
  lane_item item;
  bool made_room = false;
  uint64_t now_ns = 0;  // read when the first message comes
  // At most as many items as the ring holds, so that one sender cannot keep the others waiting.
  for (size_t items = 0; items < lane_slots && !quota.spent() && inbound.ring.try_pop(item); ++items) {
    made_room = true;
    if (item.posted != nullptr) {
      quota.spend();
      ++received_[from];
      ++counters_.messages_received;
      if (now_ns == 0) now_ns = monotonic_ns();
      if (now_ns > item.posted->posted_ns) metrics_.lane_waits.add(now_ns - item.posted->posted_ns);
      deliver(item.posted);
    } else {
      counters_.returns_received += item.count;
      returns_.splice(intrusive_list<homebound>(item.first, item.last, item.count));
    }
  }
  // An exchange and not a load, which orders the room that was made before the look at the flag. Pairs with
  // flush_outboxes.
  if (made_room && inbound.sender_waits.exchange(false, std::memory_order_acq_rel)) mesh_.at(from)->wake();
  return inbound.empty();
}

void shard::take_singles(lane& inbound, turn_quota& quota) {
  homebound* returned = nullptr;
  for (size_t taken = 0; taken < lane_singles && !quota.spent() && inbound.singles.try_pop(returned); ++taken) {
    quota.spend();
    ++counters_.returns_received;
    handlers_.drop(*this, returned);
  }
}

void shard::deliver(message* delivered) {
  if (delivered->kind == message_kind::request) {
    const bool stale = delivered->incarnation != ref().incarnation;
    if (stale || handlers_.receive == nullptr) return bounce(delivered);
  } else if (handlers_.receive == nullptr) {
    return dispose(delivered);
  }
  handlers_.receive(*this, delivered);
}

void shard::drop_returns(turn_quota& quota) {
  while (!returns_.empty() && quota.spend()) handlers_.drop(*this, returns_.pop_front());
}

void shard::flush() {
  ASSERT_HOME(id_);
  if (outboxes_waiting_.empty()) return;
  if (!flush_outboxes()) mesh_.clean_up_dead();
}

bool shard::flush_outboxes() {
  bool all_alive = true;
  uint64_t now_ns = 0;  // read when there is a message
  outboxes_waiting_.each([&](shard_id to) {
    lane& outbound = mesh_.open_lane(id_, to);
    outbox& box = outboxes_[to];
    if (box.has_unstamped()) box.stamp(now_ns == 0 ? now_ns = monotonic_ns() : now_ns);
    if (!box.flush_into(outbound)) {
      // The lane is full. Ask to be woken, then try once more, because room may have been made before the
      // flag was set.
      outbound.sender_waits.exchange(true, std::memory_order_acq_rel);  // Pairs with drain_lane's exchange.
      box.flush_into(outbound);
    }
    if (box.empty()) outboxes_waiting_.remove(to);

    if (!mesh_.at(to)->rouse()) all_alive = false;
  });
  return all_alive;
}

bool shard::prepare_to_sleep() {
  flush();
  if (!returns_.empty()) return false;
  status_.fetch_or(status_sleeping, std::memory_order_acq_rel);  // Pairs with rouse.
  if (lanes_empty() && handed_back_.empty()) return true;
  awake();
  return false;
}

void shard::awake() {
  // Only a thread that sleeps needs the read-modify-write.
  if ((status_.load(std::memory_order_relaxed) & status_sleeping) == 0) return;
  status_.fetch_and(~status_sleeping, std::memory_order_acq_rel);
}

/// A read-modify-write, so that either this shard, which is about to sleep or to end, sees what was put into
/// its queue, or the caller sees that it sleeps or has ended. Pairs with prepare_to_sleep and mesh::detach.
bool shard::rouse() {
  const uint32_t status = status_.fetch_and(~status_sleeping, std::memory_order_acq_rel);
  if ((status & status_gone) != 0) return false;
  if ((status & status_sleeping) != 0) wake();
  return true;
}

void shard::hand_back(homebound* object) {
  ASSERT(owner(object) == id_);
  // The thread that finds the stack empty is the one that wakes the home.
  if (handed_back_.push(object) && !rouse()) mesh_.clean_up_dead();
}

void shard::take_handed_back() {
  if (handed_back_.empty()) return;
  intrusive_list<homebound> taken = handed_back_.take_all();
  counters_.returns_received += taken.size();
  returns_.splice(std::move(taken));
}

void shard::wake() {
  std::lock_guard guard(wake_lock_);
  if (handlers_.wake != nullptr) return handlers_.wake(handlers_.context);
  // The receiver is dead: the next turn of the caller does its work.
  mesh_.dead_mail_.store(true, std::memory_order_relaxed);
}

bool shard::lanes_empty() const {
  for (size_t word = 0; word < senders_.size(); ++word) {
    for (uint64_t bits = senders_[word].load(std::memory_order_acquire); bits != 0; bits &= bits - 1) {
      const auto from = static_cast<shard_id>(word * 64 + static_cast<size_t>(std::countr_zero(bits)));
      if (!mesh_.lane_between(from, id_)->empty()) return false;
    }
  }
  return true;
}

bool shard::dead_turn() {
  const acting_as stand_in(id_);
  const bool had_work = !lanes_empty() || !returns_.empty() || !handed_back_.empty();
  while (true) {
    take_handed_back();
    turn_quota unlimited(SIZE_MAX, std::chrono::hours(1));
    const bool drained = drain(unlimited);
    drop_returns(unlimited);
    if (drained && returns_.empty()) break;
  }
  // Objects that were sent to another dead shard are work for that shard.
  const bool sent_to_dead = !flush_outboxes();
  return had_work || sent_to_dead;
}

void shard::invariant() {
  ASSERT_HOME(id_);
  heap_->invariant();
  returns_.invariant();
  for (size_t to = 0; to < shards_max; ++to) {
    const outbox& box = outboxes_[to];
    box.returns.invariant();
    box.messages.invariant();
    const lane* outbound = mesh_.lane_between(id_, static_cast<shard_id>(to));
    const bool waiting = !box.empty() || (outbound != nullptr && !outbound->singles.all_published());
    ASSERT(waiting == outboxes_waiting_.contains(static_cast<shard_id>(to)));
    for (const homebound* object = box.returns.front(); object != nullptr; object = object->next) {
      ASSERT(owner(object) == to);
    }
  }
}

}  // namespace corebuf
