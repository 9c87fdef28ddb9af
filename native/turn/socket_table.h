// The sockets of one thread: the network engine of its shard, opened when it is first asked for, between the list in which
// JavaScript writes commands and the area through which it is told of events.
//
//   commands │ count │ obeyed │ flushes │ - │ net_command_record …      JavaScript made the memory
//              JS      C++      C++
//
// `obeyed` counts how often the list has been emptied: a chain that was listed to be sent before has left its slot. `flushes`
// counts how often everything that was written has been offered to the kernel: what JavaScript wrote before the last of them has
// left, unless `unsent` is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "net/net_engine.h"
#include "turn/batch_callback.h"
#include "turn/batch_pace.h"
#include "turn/clock.h"
#include "turn/event_loop.h"
#include "turn/exchange.h"
#include "turn/handle_slots.h"

namespace corebuf {

/// Words in front of the commands.
struct command_header {
  uint32_t count;
  uint32_t obeyed;
  uint32_t flushes;
  uint32_t unused;
};

static_assert(sizeof(command_header) == sizeof(net_command_record));

class socket_table {
 public:
  static constexpr size_t commands_max = 1023;
  static constexpr size_t list_size = sizeof(command_header) + commands_max * sizeof(net_command_record);

  socket_table(handle_table& handles, const turn_clock& clock) : clock_(clock), net_clock_(clock), slots_(handles) {}
  socket_table(const socket_table&) = delete;
  socket_table& operator=(const socket_table&) = delete;

  /// The engine, watched by `loop`; has_list() must be true. Where it cannot be had nothing has changed.
  result<net_engine*> engine(shard& here, event_loop& loop);
  /// Null while there is none.
  net_engine* engine_if_open() const { return engine_.get(); }

  /// `memory` is list_size zeroed bytes that live as long as the table.
  void list_in(std::byte* memory) { list_ = memory; }
  bool has_list() const { return list_ != nullptr; }

  /// Does what JavaScript has listed since the last time. Commands beyond commands_max, and those that name no slot, are skipped.
  void obey_listed() {
    if (__builtin_expect(engine_ != nullptr && header().count != 0, 0)) obey_listed_slow();
  }

  /// Before polling: everything that was written leaves. True when nothing is left to do or to tell.
  bool flush();
  /// After polling: what the loop has found readable.
  void reap(uint32_t readable);
  bool has_news() const { return engine_ != nullptr && engine_->has_news(); }
  /// Calls JavaScript with lists of events in `incoming`, until nothing is left or, one list at least, `end_ns` has come.
  void deliver(const exchange& area, const batch_callback& callback, uint64_t end_ns);

  /// Milliseconds for which the thread may sleep; UINT64_MAX for ever.
  uint64_t sleep_ms() const;

  /// Keeps the loop alive, or no longer. Repeating a call changes nothing.
  void hold(event_loop& loop, bool held);

  /// Every socket is closed, and the loop is no longer held. What JavaScript has listed is forgotten.
  void shut(event_loop& loop);

 private:
  class microseconds final : public net_clock {
   public:
    explicit microseconds(const turn_clock& of) : of_(of) {}
    uint64_t now_us() const override { return of_.now_ns() / 1000; }

   private:
    const turn_clock& of_;
  };

  class watch_by_loop final : public direct_watch {
   public:
    bool begin(int fd) override { return loop->watch(event_loop::watched_socket, fd); }
    void end() override { loop->unwatch(event_loop::watched_socket); }

    event_loop* loop = nullptr;
  };

  command_header& header() const { return *reinterpret_cast<command_header*>(list_); }
  void obey_listed_slow();

  const turn_clock& clock_;
  const microseconds net_clock_;
  handle_slots slots_;
  watch_by_loop direct_;
  std::unique_ptr<net_engine> engine_;
  std::byte* list_ = nullptr;
  bool held_ = false;
  batch_pace pace_{exchange::size / sizeof(net_event_record)};
};

}  // namespace corebuf
