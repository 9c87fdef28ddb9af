// Runs the turns of one thread's shard: messages, file operations and stalls of a pass of the event loop, in order. Knows
// nothing of Node: it uses its thread through turn_host, so a test can run whole turns.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "shard/shard.h"
#include "turn/batch_callback.h"
#include "turn/clock.h"
#include "turn/event_loop.h"
#include "turn/exchange.h"
#include "turn/external_memory.h"
#include "turn/file_table.h"
#include "turn/handle_table.h"
#include "turn/mailbox.h"
#include "turn/metrics.h"
#include "turn/on_cpu_time.h"
#include "turn/running_script.h"
#include "turn/socket_table.h"
#include "turn/spin_policy.h"
#include "turn/stall_reporter.h"
#include "turn/turn_meter.h"

namespace corebuf {

/// The parts of a thread that its turns use; all live longer than the turn_driver.
struct turn_host {
  const turn_clock& clock;
  event_loop& loop;
  external_memory& external;
  running_script& script;
  const batch_callback& on_messages;
  const batch_callback& on_completions;
  const batch_callback& on_stalls;
  const batch_callback& on_sockets;
};

struct attach_options {
  heap_options memory;
  uint32_t spin_us = 0;
};

class turn_driver final : public loop_client {
 public:
  explicit turn_driver(const turn_host& host)
      : sockets(handles, host.clock), stalls(area, host.clock, host.script), host_(host) {}
  turn_driver(const turn_driver&) = delete;
  turn_driver& operator=(const turn_driver&) = delete;

  /// Gives this thread its shard, once; the event loop is open. On an error nothing has changed.
  error_code attach(const attach_options& options);
  bool attached() const { return home_ != nullptr; }
  shard& home() {
    ASSERT(home_ != nullptr);
    return *home_;
  }
  event_loop& loop() const { return host_.loop; }

  exchange area;
  handle_table handles;
  mailbox mail;
  file_table files;
  socket_table sockets;
  turn_meter meter;
  stall_reporter stalls;

  /// Does what JavaScript has listed since the last call: commands to sockets, then releases. No object of JavaScript refers to a
  /// slot that is listed, so only whoever gives slots out again has to call this first.
  void do_listed() {
    sockets.obey_listed();
    handles.release_listed(*home_);
  }

  void after_poll() override;
  bool before_poll() override;

  /// Makes the counters of this shard visible to all threads. It happens by itself before the thread sleeps, and every few milliseconds.
  void publish_metrics();
  /// From now on JavaScript counts in these, which live as long as the thread.
  void count_in(const double* counters) { script_counted_ = counters; }

  /// 0 turns the watch off.
  void set_stall_threshold(uint32_t microseconds);

  /// Several turn_drivers of one thread have a shard each: the thread acts as this one's from now on.
  void act() const { current_shard = home_ == nullptr ? no_shard : home_->id(); }
  /// after_poll() is under way, and may have called JavaScript.
  bool running() const { return running_; }

  /// The thread ends: waits for I/O, gives back all that JavaScript has held, and detaches the shard. The loop is closed after;
  /// attach() may follow once it is open again.
  void shut();

 private:
  void measure_turn();
  bool finish_turn(uint64_t now_ns);  // true when the thread may sleep
  bool worth_looking(uint64_t now_ns);

  const turn_host host_;
  on_cpu_time on_cpu_;
  shard* home_ = nullptr;
  spin_policy spin_;     // for messages
  spin_policy io_spin_;  // for reads and writes
  bool more_ = false;    // the last turn left work
  bool running_ = false;
  uint64_t decayed_at_ns_ = 0;
  uint64_t published_at_ns_ = 0;
  const double* script_counted_ = nullptr;
};

}  // namespace corebuf
