// Everything that one JavaScript thread has of this addon. Made when the module is loaded, attached to a shard on first use, and
// shut while the thread still runs but its JavaScript no longer does.
#pragma once

#include <node_api.h>

#include "base/error.h"
#include "node/script_callback.h"
#include "node/thread_script.h"
#include "node/uv_event_loop.h"
#include "node/v8_external_memory.h"
#include "turn/turn_driver.h"

namespace corebuf {

class environment {
 public:
  explicit environment(napi_env env)
      : external(env),
        turn({loop, loop, external, script, on_messages, on_completions, on_stalls, on_sockets}),
        env_(env) {}
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;

  /// Gives this thread its shard; once.
  error_code attach(const attach_options& options);
  bool attached() const { return turn.attached(); }
  shard& home() { return turn.home(); }

  /// The thread ends.
  void shut();
  /// The same while the thread goes on: attach() may follow. False, and nothing has changed, while a turn of this shard is under way.
  bool leave();

  uv_event_loop loop;
  v8_external_memory external;
  thread_script script;
  script_callback on_messages;
  script_callback on_completions;
  script_callback on_stalls;
  script_callback on_sockets;
  turn_driver turn;
  bool windows_allowed = false;  // what external_buffers_allowed() has said

 private:
  const napi_env env_;
};

}  // namespace corebuf
