// Objects that are allocated on one thread and freed on another. All pointers travel through the same queue.
// Those of the shard heap go home through the outbox and the lane of the shard that gives them up, and are
// freed in a turn of the shard that made them.
#pragma once

#include <array>
#include <atomic>
#include <thread>

#include "allocator.h"
#include "base/assert.h"
#include "patience.h"
#include "shard/mesh.h"
#include "shard/shard.h"
#include "shard/spsc_ring.h"

namespace corebuf::bench {

inline constexpr size_t handed_objects = 64;

/// The objects that one turn hands over.
using handed = std::array<void*, handed_objects>;
using hand_over_queue = spsc_ring<handed, 16>;

inline void touch(void* memory) { *static_cast<volatile char*>(memory) = 1; }

inline void free_drop(shard& home, homebound* object) { home.heap().free(object); }

/// Two shards that live as long as the program; a thread becomes one of them by acting as it.
struct shard_pair {
  explicit shard_pair(size_t budget) : maker(attach(budget)), giver(attach(budget)) {}

  static shard& attach(size_t budget) {
    const shard_handlers handlers{.drop = free_drop,
                                  .receive = [](shard& here, message* m) { here.dispose(m); }};
    return *mesh::get().attach({.budget = budget}, handlers).value();
  }

  shard& maker;
  shard& giver;
};

/// Sends `count` objects of `size` there and home again; `count` is a multiple of handed_objects.
inline void hand_over(shard_pair& shards, size_t size, size_t count) {
  ASSERT(count % handed_objects == 0);
  hand_over_queue queue;
  std::atomic<bool> all_home{false};
  std::thread giver([&] {
    const acting_as here(shards.giver.id());
    handed objects;
    patience idle;
    for (size_t left = count; left > 0; left -= handed_objects) {
      while (!queue.try_pop(objects)) idle.wait();
      for (void* object : objects) shards.giver.release(static_cast<homebound*>(object));
      shards.giver.flush();
    }
    // A full lane has kept some back.
    while (!all_home.load(std::memory_order_relaxed)) shards.giver.flush(), idle.wait();
  });
  const acting_as here(shards.maker.id());
  shard& maker = shards.maker;
  const uint64_t home_at_last = maker.counters().returns_received + count;
  handed objects;
  patience full;
  const auto turn = [&] { maker.turn(turn_quota(turn_quota::objects_default)); };
  for (size_t left = count; left > 0; left -= handed_objects) {
    for (void*& object : objects) touch(object = maker.heap().allocate(size));
    while (!queue.try_push(objects)) turn(), full.wait();
    turn();
  }
  while (maker.counters().returns_received < home_at_last || maker.returns_pending() > 0) turn(), full.wait();
  all_home.store(true, std::memory_order_relaxed);
  giver.join();
}

inline void hand_over(const general_allocator& peer, size_t size, size_t count) {
  ASSERT(count % handed_objects == 0);
  hand_over_queue queue;
  std::thread giver([&] {
    handed objects;
    patience idle;
    for (size_t left = count; left > 0; left -= handed_objects) {
      while (!queue.try_pop(objects)) idle.wait();
      for (void* object : objects) peer.free(object);
    }
  });
  handed objects;
  patience full;
  for (size_t left = count; left > 0; left -= handed_objects) {
    for (void*& object : objects) touch(object = peer.allocate(size));
    while (!queue.try_push(objects)) full.wait();
  }
  giver.join();
}

}  // namespace corebuf::bench
