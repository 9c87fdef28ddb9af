// Everything that one JavaScript thread has of this addon. Made when the module is loaded, attached to a shard on first
// use, and taken down in the order of shut(), while the thread still runs but JavaScript no longer does.
#pragma once

#include <node_api.h>

#include <cstdint>

#include "base/error.h"
#include "node/event_loop.h"
#include "node/exchange.h"
#include "node/external_memory.h"
#include "node/file_table.h"
#include "node/handle_table.h"
#include "node/mailbox.h"
#include "node/script_callback.h"
#include "node/spin_policy.h"
#include "node/stall_reporter.h"
#include "node/turn_meter.h"
#include "shard/shard.h"

namespace corebuf {

struct attach_options {
  heap_options memory;
  uint32_t spin_us = 0;
};

class environment final : public loop_client {
 public:
  explicit environment(napi_env env) : external(env), env_(env) {}

  /// Gives this thread its shard; once.
  error_code attach(const attach_options& options);
  bool attached() const { return home_ != nullptr; }
  shard& home() {
    ASSERT(home_ != nullptr);
    return *home_;
  }
  napi_env env() const { return env_; }

  exchange area;
  handle_table handles;
  event_loop loop;
  mailbox mail;
  file_table files;
  turn_meter meter;
  external_memory external;
  stall_reporter stalls{area};
  script_callback on_messages;
  script_callback on_completions;
  script_callback on_stalls;

  /// The thread ends: I/O is waited for, everything that JavaScript held is given back, and the shard is gone.
  void shut();

  /// 0 turns the watch off.
  void set_stall_threshold(uint32_t microseconds);

 private:
  void after_poll() override;
  bool before_poll() override;
  bool finish_turn();  // true when the thread may sleep
  bool worth_looking(uint64_t now_ns);

  const napi_env env_;
  shard* home_ = nullptr;
  spin_policy spin_;     // for messages
  spin_policy io_spin_;  // for reads and writes
  bool more_ = false;             // the last turn left work
  uint64_t decayed_at_ = 0;
};

}  // namespace corebuf
