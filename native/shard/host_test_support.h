// A shard for tests, without Node: it turns until a condition holds, and sleeps on a condition variable.
// Several may live on one thread, where each call acts as its own shard.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "base/shard_id.h"
#include "shard/mesh.h"
#include "shard/shard.h"

namespace corebuf {

class shard_host {
 public:
  using receiver = void (*)(shard& here, message* delivered);

  /// Receivers get `test` with of().
  shard_host(size_t budget, void (*drop)(shard&, homebound*), receiver receive, void* test = nullptr)
      : test_(test) {
    const auto wake_host = [](void* host) { static_cast<shard_host*>(host)->wake(); };
    const shard_handlers handlers{drop, receive, wake_host, this};
    shard_ = mesh::get().attach({.budget = budget}, handlers).value();
  }
  ~shard_host() { detach(); }
  shard_host(const shard_host&) = delete;
  shard_host& operator=(const shard_host&) = delete;

  template <typename Test>
  static Test& of(shard& here) {
    return *static_cast<Test*>(static_cast<shard_host*>(here.context())->test_);
  }

  shard* operator->() { return shard_; }
  shard& operator*() { return *shard_; }

  /// Calls `work(shard&)` as this shard.
  template <typename Work>
  auto act(Work work) {
    const acting_as here(shard_->id());
    return work(*shard_);
  }

  /// A quota of objects alone, so that a turn does the same on a slow machine.
  static turn_quota objects(size_t objects_max) { return turn_quota(objects_max, std::chrono::hours(1)); }

  bool turn(turn_quota quota = objects(turn_quota::objects_default)) {
    return act([&](shard& here) { return here.turn(quota); });
  }

  /// Turns until done() is true, which is asked before each turn; sleeps while there is nothing to do.
  template <typename Done>
  void turn_until(Done done, size_t quota = turn_quota::objects_default) {
    const acting_as here(shard_->id());
    while (!done()) {
      if (!shard_->turn(turn_quota(quota)) && !done() && shard_->prepare_to_sleep()) sleep();
    }
    shard_->flush();
  }

  void wake() {
    std::lock_guard guard(lock_);
    woken_ = true;
    ++wakes_;
    wakened_.notify_one();
  }

  uint64_t wakes() {
    std::lock_guard guard(lock_);
    return wakes_;
  }

  void detach() {
    if (shard_ == nullptr) return;
    act([](shard& here) { mesh::get().detach(here); });
    shard_ = nullptr;
  }

 private:
  void sleep() {
    {
      std::unique_lock guard(lock_);
      wakened_.wait(guard, [this] { return woken_; });
      woken_ = false;
    }
    shard_->awake();
  }

  void* const test_;
  shard* shard_ = nullptr;
  std::mutex lock_;
  std::condition_variable wakened_;
  bool woken_ = false;
  uint64_t wakes_ = 0;
};

}  // namespace corebuf
