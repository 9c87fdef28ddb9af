#include "shard/mesh.h"

#include <new>

namespace corebuf {

mesh& mesh::get() {
  // Never destroyed: threads may still hand things back while the process exits.
  static mesh* const process_mesh = new mesh;
  return *process_mesh;
}

result<shard*> mesh::attach(const heap_options& memory, const shard_handlers& handlers) {
  std::lock_guard guard(orphan_lock_);
  for (size_t number = 0; number < shards_max; ++number) {
    const auto id = static_cast<shard_id>(number);
    shard* candidate = shards_[id].load(std::memory_order_relaxed);
    if (candidate != nullptr && (candidate->heap_ != nullptr || !candidate->outboxes_empty())) continue;

    const auto heap = shard_heap::create(id, memory);
    if (!heap) return heap.failure();
    if (candidate == nullptr) candidate = new shard(*this, id);
    candidate->revive(heap.value(), handlers);
    // A read-modify-write, like all of status_: what was pushed by whoever still saw it gone is seen by the newcomer.
    candidate->status_.exchange(0, std::memory_order_acq_rel);  // Pairs with rouse.
    shards_[id].store(candidate, std::memory_order_release);  // Pairs with at's acquire.
    return candidate;
  }
  return error_code::out_of_memory;
}

void mesh::detach(shard& ending) {
  {
    std::lock_guard guard(ending.wake_lock_);
    ending.handlers_.wake = nullptr;
  }
  std::lock_guard guard(orphan_lock_);
  ending.handlers_.receive = nullptr;
  ending.status_.fetch_or(shard::status_gone, std::memory_order_acq_rel);  // Pairs with rouse.
  orphans_.fetch_add(1, std::memory_order_relaxed);
  tend_locked();
}

bool mesh::alive(shard_ref ref) const {
  const shard* found = ref.id < shards_max ? at(ref.id) : nullptr;
  if (found == nullptr) return false;
  return (found->status_.load(std::memory_order_acquire) & shard::status_gone) == 0 && found->ref().incarnation == ref.incarnation;
}

void mesh::tend_orphans() {
  std::lock_guard guard(orphan_lock_);
  tend_locked();
}

/// What one orphan sends may be for another: until nothing moves any more. Numbers whose memory has come home are
/// looked at too: a late request to one still wants its answer.
void mesh::tend_locked() {
  bool mail_left = false;
  for (bool moved = true; moved;) {
    moved = mail_left = false;
    for (const auto& entry : shards_) {
      shard* candidate = entry.load(std::memory_order_relaxed);
      if (candidate == nullptr) break;
      if ((candidate->status_.load(std::memory_order_relaxed) & shard::status_gone) == 0) continue;
      if (candidate->orphan_turn()) moved = true;
      if (!candidate->outboxes_empty()) mail_left = true;
      else if (candidate->heap_ != nullptr && candidate->heap_->live_objects() == 0) retire(*candidate);
    }
  }
  orphan_mail_.store(mail_left, std::memory_order_relaxed);
}

void mesh::retire(shard& empty) {
  const acting_as stand_in(empty.id_);
  shard_heap::destroy(empty.heap_);
  empty.heap_ = nullptr;
  orphans_.fetch_sub(1, std::memory_order_relaxed);
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
