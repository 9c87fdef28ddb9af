// A turn_driver without Node: its clock stands where a test puts it, its callbacks call the test, and its event loop polls real
// descriptors but turns only when the test says so. Several may live on one thread, or each on a thread of its own.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "buffer/buffer_host_test_support.h"
#include "io/scratch_file_test_support.h"
#include "turn/records.h"
#include "turn/turn_driver.h"

namespace corebuf::test {

class fixed_clock final : public turn_clock {
 public:
  uint64_t now_ns() const override { return now; }
  uint64_t busy_ns() const override { return busy; }
  uint64_t on_cpu_ns() const override {
    ++on_cpu_readings;
    return on_cpu;
  }

  /// Time passes in which the thread works.
  void work(uint64_t ns) { now += ns, busy += ns, on_cpu += ns; }
  /// Time passes in which the thread works, and has no processor.
  void stand(uint64_t ns) { now += ns, busy += ns; }
  /// Time passes in which the thread waits for events.
  void wait(uint64_t ns) { now += ns; }

  uint64_t now = 1'000'000'000;
  uint64_t busy = 0;
  uint64_t on_cpu = 0;
  mutable uint32_t on_cpu_readings = 0;
};

class test_loop final : public event_loop {
 public:
  test_loop() { EXPECT_EQ(::pipe(wake_pipe_.data()), 0); }
  ~test_loop() {
    for (const int end : wake_pipe_) ::close(end);
  }

  bool watch(size_t index, int fd) override {
    if (refuse_watches) return false;
    watched_.at(index) = fd;
    return true;
  }
  void unwatch(size_t index) override {
    watched_.at(index) = -1;
    forget_readable(index);
  }
  void pass_in(uint64_t milliseconds) override { passes_in.push_back(milliseconds); }
  void wake() override {
    const char byte = 0;
    EXPECT_EQ(::write(wake_pipe_[1], &byte, 1), 1);
  }

  /// Polls as libuv does: until a descriptor is readable or wake() has been called if it may wait, else without waiting.
  void poll(bool may_wait) {
    std::vector<pollfd> polled = {{wake_pipe_[0], POLLIN, 0}};
    for (const int fd : watched_) polled.push_back({fd, POLLIN, 0});  // poll(2) ignores negative descriptors
    int found = 0;
    do found = ::poll(polled.data(), polled.size(), may_wait ? patience_ms : 0);
    while (found < 0 && errno == EINTR);
    ASSERT_TRUE(found > 0 || !may_wait) << "a wake-up is lost";
    for (size_t index = 0; index < watched_max; ++index) {
      if ((polled[index + 1].revents & POLLIN) != 0) found_readable(index);
    }
    std::array<char, 64> bytes;
    if ((polled[0].revents & POLLIN) != 0)
      wakes += static_cast<size_t>(::read(wake_pipe_[0], bytes.data(), bytes.size()));
  }

  bool refuse_watches = false;
  bool alive = false;
  size_t wakes = 0;
  std::vector<uint64_t> passes_in;

 private:
  void keep_alive(bool now_alive) override { alive = now_alive; }

  std::array<int, 2> wake_pipe_;
  std::array<int, watched_max> watched_{-1, -1, -1, -1, -1, -1};
};

class test_callback final : public batch_callback {
 public:
  /// Plays the part of JavaScript: called with the length of the batch.
  std::function<void(uint32_t count)> function = [](uint32_t) {};
  /// Called behind settle, as microtasks are.
  std::function<void()> microtasks = [] {};

 private:
  void run(uint32_t count, void (*settle)(void* context), void* context) const override {
    function(count);
    settle(context);
    microtasks();
  }
};

class test_memory final : public external_memory {
 public:
  int64_t total = 0;
  std::vector<int64_t> adjusted;

 private:
  void adjust(int64_t bytes) override {
    total += bytes;
    adjusted.push_back(bytes);
  }
};

/// Gives every stack as the same text, when take() is called: a test decides when an interrupt arrives.
class test_script final : public running_script {
 public:
  bool watch(stall_reporter& reporter) override {
    if (refuse) return false;
    reporter_ = &reporter;
    return true;
  }
  void unwatch() override { reporter_ = nullptr; }
  void interrupt() override {
    {
      const std::lock_guard guard(lock_);
      interrupted_ = true;
    }
    changed_.notify_one();
  }

  /// Blocks until the watch has called interrupt().
  void await_interrupt() {
    std::unique_lock guard(lock_);
    changed_.wait(guard, [this] { return interrupted_; });
    interrupted_ = false;
  }

  /// The interrupt arrives. True when a stack was wanted.
  bool arrive(std::string_view stack) {
    const std::span<char> into = reporter_->stack_wanted();
    if (into.empty()) return false;
    reporter_->stack_taken(stack.copy(into.data(), into.size()));
    return true;
  }

  bool watched() const { return reporter_ != nullptr; }
  bool refuse = false;

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  bool interrupted_ = false;
  stall_reporter* reporter_ = nullptr;
};

/// Memory that JavaScript would have made.
class words_of_javascript {
 public:
  explicit words_of_javascript(size_t bytes) : words_(bytes / sizeof(uint64_t)) {}
  std::byte* data() { return reinterpret_cast<std::byte*>(words_.data()); }

 private:
  std::vector<uint64_t> words_;
};

/// One thread's shard with all that its turns use.
class turning_shard {
 public:
  explicit turning_shard(attach_options options = {.memory = {.budget = 64 * MiB}}) {
    const acting_as nobody(no_shard);  // attach() sets the shard of this thread
    EXPECT_EQ(turn.attach(options), error_code::none);
    id_ = turn.home().id();
    turn.area.outgoing = outgoing_.data();
    turn.area.incoming = incoming_.data();
    turn.handles.add_block(block_.data());
    turn.sockets.list_in(commands_.data());
  }
  ~turning_shard() { shut(); }
  turning_shard(const turning_shard&) = delete;
  turning_shard& operator=(const turning_shard&) = delete;

  /// Calls `work(shard&)` as this shard.
  template <typename Work>
  auto act(Work work) {
    const acting_as here(id_);
    return work(turn.home());
  }

  /// One pass of the loop; the poll waits only if `may_wait` says so and the last pass has allowed it.
  void pass(bool may_wait = false) {
    const acting_as here(id_);
    loop.poll(may_wait && may_sleep_);
    turn.after_poll();
    may_sleep_ = turn.before_poll();
  }

  /// Whether the last pass has allowed the thread to sleep.
  bool may_sleep() const { return may_sleep_; }

  void shut() {
    const acting_as here(id_);
    turn.shut();
  }

  /// Fills the chain of a handle slot.
  void fill(size_t slot, std::string_view text) {
    act([&](shard& here) {
      EXPECT_TRUE(open_handle(here, turn.handles.to_change(slot))->append(here, bytes_of(text)));
    });
  }

  /// Takes the text out of the chain of a handle slot, which is empty then.
  std::string take(size_t slot) {
    return act([&](shard& here) {
      const open_handle chain(here, turn.handles.to_change(slot));
      const std::string text = text_of(*chain);
      chain->release(here);
      return text;
    });
  }

  size_t live() { return turn.home().heap().live_objects(); }

  /// The list of commands to sockets.
  std::byte* commands() { return commands_.data(); }

  fixed_clock clock;
  test_loop loop;
  test_memory memory;
  test_script script;
  test_callback on_messages;
  test_callback on_completions;
  test_callback on_stalls;
  test_callback on_sockets;
  turn_driver turn{turn_host{clock, loop, memory, script, on_messages, on_completions, on_stalls, on_sockets}};

 private:
  words_of_javascript outgoing_{exchange::size};
  words_of_javascript incoming_{exchange::size};
  words_of_javascript block_{handle_table::block_slots * handle_table::slot_size};
  words_of_javascript commands_{socket_table::list_size};
  shard_id id_ = no_shard;
  bool may_sleep_ = false;
};

}  // namespace corebuf::test
