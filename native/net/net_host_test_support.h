// A shard with a network engine for tests, on the thread of the test: it turns until a condition holds. Peers are plain blocking
// sockets, on the same thread or on others.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "buffer/buffer_host_test_support.h"
#include "net/net_engine.h"

namespace corebuf::test {

/// Chains of tests, by number. The engine opens one at a time.
class vector_slots final : public chain_slots {
 public:
  iobuf& open(uint32_t slot, slot_use) override {
    ASSERT(!std::exchange(open_, true));
    return chains_[slot];
  }
  void close() override { ASSERT(std::exchange(open_, false)); }
  bool has(uint32_t slot) const override { return slot < chains_.size(); }
  size_t length(uint32_t slot) override { return chains_[slot].length(); }

  uint32_t make() {
    chains_.emplace_back();
    return static_cast<uint32_t>(chains_.size() - 1);
  }
  iobuf& operator[](uint32_t slot) { return chains_[slot]; }
  void release_all(shard& here) {
    for (iobuf& each : chains_) each.release(here);
  }

 private:
  std::deque<iobuf> chains_;
  bool open_ = false;
};

/// What the engine has told of one connection, added up.
struct told {
  bool accepted = false, connected = false, ended = false, closed = false;
  uint32_t by = no_socket;
  uint64_t received = 0, sent = 0;
  bool unsent = false;
  int sent_events = 0;
  int os_errno = 0;
  net_call call = net_call::none;
  uint32_t slot = no_slot;
};

/// The descriptor that an event loop would watch beside the poller's, or -1.
class one_watch final : public direct_watch {
 public:
  bool begin(int fd) override {
    EXPECT_EQ(watched, -1);
    if (!refuse) watched = fd;
    return !refuse;
  }
  void end() override {
    EXPECT_NE(::fcntl(watched, F_GETFD), -1) << "it stays open until it is no longer watched";
    watched = -1;
  }

  int watched = -1;
  bool refuse = false;
};

class net_host : public buffer_host, private net_clock {
 public:
  /// The clock of the engine is the system's, and this much ahead; each look at it takes so much more.
  uint64_t ahead_us = 0;
  uint64_t ahead_per_look_us = 0;
  uint64_t now_us() const override {
    looks_us_ += ahead_per_look_us;
    return system_us() + ahead_us + looks_us_;
  }
  static uint64_t system_us() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
  }

  explicit net_host(poller_kind kind = poller_kind::automatic, size_t budget = budget_default)
      : buffer_host(budget), here_((*this)->id()) {
    engine_ = std::move(net_engine::open(**this, slots_, kind, *this, &loop).value());
  }
  ~net_host() {
    if (engine_ != nullptr) end();
  }

  one_watch loop;
  net_engine& net() { return *engine_; }
  vector_slots& slots() { return slots_; }
  told& of(uint32_t id) { return told_[id]; }
  const std::vector<uint32_t>& accepted() const { return accepted_; }
  const std::vector<net_event_record>& others() const { return others_; }
  iobuf& input(uint32_t id) { return slots_[told_[id].slot]; }

  void command(net_command op, uint32_t socket, uint32_t a = 0, uint32_t b = 0) {
    const net_command_record record{op, socket, a, b};
    engine_->obey({&record, 1});
  }

  /// The connection reads into a chain of its own.
  void start(uint32_t id, uint32_t limit = 1 << 20) {
    if (told_[id].slot == no_slot) told_[id].slot = slots_.make();
    command(net_command::start, id, told_[id].slot, limit);
  }

  void send(uint32_t id, std::string_view text, bool tell = false) {
    const uint32_t slot = spare_slot();
    ASSERT(slots_[slot].append(**this, bytes_of(text)));
    command(net_command::send, id, slot, tell ? 1 : 0);
  }
  uint32_t spare_slot() {
    if (spare_ == no_slot) spare_ = slots_.make();
    return spare_;
  }

  std::string take_input(uint32_t id) {
    std::string text = text_of(input(id));
    input(id).release(**this);
    return text;
  }

  /// One turn. It waits for sockets when there is nothing else to do, but not beyond the engine's deadline and not for ever.
  void turn(int wait_ms = patience_ms) {
    if (!engine_->flush()) wait_ms = 0;
    const uint64_t now = now_us(), deadline = engine_->deadline_us();
    const uint64_t until_ms = deadline <= now ? 0 : deadline == UINT64_MAX ? UINT64_MAX : (deadline - now) / 1000 + 1;
    if (until_ms < static_cast<uint64_t>(wait_ms)) wait_ms = static_cast<int>(until_ms);
    std::array<pollfd, 2> waking{{{engine_->wake_fd(), POLLIN, 0}, {loop.watched, POLLIN, 0}}};  // poll(2) ignores negative descriptors
    ::poll(waking.data(), waking.size(), wait_ms);
    if (waking[1].revents != 0) engine_->reap_direct();
    if (waking[0].revents != 0) engine_->reap();
    engine_->invariant();
    hear();
    (*this)->turn(objects(turn_quota::objects_default));
  }

  /// False when nothing has happened for patience_ms.
  template <typename Done>
  [[nodiscard]] bool turn_until(Done done) {
    const uint64_t give_up_us = system_us() + uint64_t{patience_ms} * 1000;
    while (!done()) {
      if (system_us() > give_up_us) return false;
      turn();
    }
    return true;
  }

  /// The next accepted connection, started or not; no_socket when none comes.
  uint32_t accept(bool started = true) {
    if (!turn_until([this] { return accepted_.size() > accepted_seen_; })) return no_socket;
    const uint32_t id = accepted_[accepted_seen_++];
    if (started) start(id);
    return id;
  }

  /// How many events one call of tell() may bring.
  void listen_in_steps_of(size_t records) { step_ = records; }

  /// The engine closes, and what the test holds is released; then nothing lives.
  void end() {
    engine_.reset();
    slots_.release_all(**this);
    buffer_host::turn();
    EXPECT_EQ(live(), 0U);
  }

  static constexpr int patience_ms = 20'000;

 private:
  void hear() {
    std::vector<net_event_record> list(step_);
    while (const size_t count = engine_->tell(list)) {
      for (size_t at = 0; at < count; ++at) hear_one(list[at]);
    }
  }

  void hear_one(const net_event_record& record) {
    if (record.kind == net_event::starved || record.kind == net_event::accept_failed) return others_.push_back(record);
    if (record.kind == net_event::accepted) {
      told_[record.socket] = told();
      accepted_.push_back(record.socket);
    }
    told& of = told_[record.socket];
    ASSERT(!of.closed);  // Nothing comes after the end.
    switch (record.kind) {
      case net_event::accepted: of.accepted = true, of.by = record.low; break;
      case net_event::connected: of.connected = true; break;
      case net_event::received: of.received += record.low; break;
      case net_event::ended: of.ended = true; break;
      case net_event::sent:
      case net_event::unsent:
        of.unsent = record.kind == net_event::unsent;
        of.sent = uint64_t{record.high} << 32 | record.low;
        ++of.sent_events;
        break;
      case net_event::closed:
        of.closed = true, of.os_errno = static_cast<int>(record.low), of.call = static_cast<net_call>(record.high);
        break;
      default: FAIL() << "an event of no kind";
    }
  }

  mutable uint64_t looks_us_ = 0;
  acting_as here_;
  vector_slots slots_;
  std::unique_ptr<net_engine> engine_;
  std::map<uint32_t, told> told_;
  std::vector<uint32_t> accepted_;
  size_t accepted_seen_ = 0;
  std::vector<net_event_record> others_;
  uint32_t spare_ = no_slot;
  size_t step_ = 64;
};

}  // namespace corebuf::test
