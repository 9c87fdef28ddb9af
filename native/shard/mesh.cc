#include "shard/mesh.h"

#include <new>

namespace corebuf {

mesh& mesh::get() {
  // Never destroyed, because threads may still hand back objects while the process exits.
  static mesh* const process_mesh = new mesh;
  return *process_mesh;
}

result<shard*> mesh::attach(const heap_options& memory, const shard_handlers& handlers) {
  std::lock_guard guard(dead_lock_);
  for (size_t number = 0; number < shards_max; ++number) {
    const auto id = static_cast<shard_id>(number);
    shard* candidate = shards_[id].load(std::memory_order_relaxed);
    if (candidate != nullptr && (candidate->heap_ != nullptr || !candidate->outboxes_empty())) continue;

    const auto heap = shard_heap::create(id, memory);
    if (!heap) return heap.failure();
    if (candidate == nullptr) candidate = new shard(*this, id);
    candidate->revive(heap.value(), handlers);
    // A read-modify-write, like every change of status_: the new shard sees what threads have pushed that
    // still saw the old one dead.
    candidate->status_.exchange(0, std::memory_order_acq_rel);  // Pairs with rouse.
    shards_[id].store(candidate, std::memory_order_release);  // Pairs with at's acquire.
    return candidate;
  }
  return error_code::shards_in_use;
}

void mesh::detach(shard& ending) {
  {
    std::lock_guard guard(ending.wake_lock_);
    ending.handlers_.wake = nullptr;
  }
  std::lock_guard guard(dead_lock_);
  ending.handlers_.receive = nullptr;
  ending.status_.fetch_or(shard::status_gone, std::memory_order_acq_rel);  // Pairs with rouse.
  dead_shards_.fetch_add(1, std::memory_order_relaxed);
  clean_up_locked();
}

bool mesh::alive(shard_ref ref) const {
  const shard* found = ref.id < shards_max ? at(ref.id) : nullptr;
  if (found == nullptr) return false;
  return (found->status_.load(std::memory_order_acquire) & shard::status_gone) == 0 && found->ref().incarnation == ref.incarnation;
}

void mesh::clean_up_dead() {
  std::lock_guard guard(dead_lock_);
  clean_up_locked();
}

/// Repeats until nothing moves, because a dead shard may send to another dead shard. Shards whose memory has
/// come home take part, because a late request to one of them still needs its answer.
void mesh::clean_up_locked() {
  bool mail_left = false;
  for (bool moved = true; moved;) {
    moved = mail_left = false;
    for (const auto& entry : shards_) {
      shard* candidate = entry.load(std::memory_order_relaxed);
      if (candidate == nullptr) break;
      if ((candidate->status_.load(std::memory_order_relaxed) & shard::status_gone) == 0) continue;
      if (candidate->dead_turn()) moved = true;
      if (!candidate->outboxes_empty()) mail_left = true;
      else if (candidate->heap_ != nullptr && candidate->heap_->live_objects() == 0) retire(*candidate);
    }
  }
  dead_mail_.store(mail_left, std::memory_order_relaxed);
}

void mesh::retire(shard& empty) {
  const acting_as stand_in(empty.id_);
  shard_heap::destroy(empty.heap_);
  empty.heap_ = nullptr;
  dead_shards_.fetch_sub(1, std::memory_order_relaxed);
}

lane& mesh::open_lane(shard_id from, shard_id to) {
  lane* existing = lane_between(from, to);
  if (existing != nullptr) return *existing;
  lane* opened = new lane;
  lanes_[from][to].store(opened, std::memory_order_release);  // Pairs with lane_between's acquire.
  // Pairs with the receiver's acquire in drain.
  at(to)->senders_[from / 64].fetch_or(uint64_t{1} << from % 64, std::memory_order_release);
  return *opened;
}

}  // namespace corebuf
