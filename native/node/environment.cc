#include "node/environment.h"

#include "buffer/fragment.h"
#include "shard/mesh.h"

namespace corebuf {

namespace {

constexpr uint64_t decay_interval_ms = 1000;

/// After so much of a turn messages wait for the next one: what has been begun should end within turn_quota::time_default.
constexpr uint64_t delivery_ns = 300'000;

}  // namespace

error_code environment::attach(const attach_options& options) {
  ASSERT(!attached());
  uv_loop_s* uv_loop = nullptr;
  ASSERT(napi_get_uv_event_loop(env_, &uv_loop) == napi_ok);
  if (!loop.open(uv_loop, *this)) {
    loop.close();
    return error_code::out_of_memory;
  }
  const shard_handlers handlers = {
      .drop = drop_fragment,
      .receive = [](shard& here,
                    message* got) { static_cast<environment*>(here.context())->mail.accept(got); },
      .wake = [](void* context) { static_cast<environment*>(context)->loop.wake(); },
      .context = this,
  };
  const auto attached_shard = mesh::get().attach(options.memory, handlers);
  if (!attached_shard) {
    loop.close();
    return attached_shard.failure().code;
  }
  home_ = attached_shard.value();
  current_shard = home_->id();
  spin_.set_length(options.spin_us);
  io_spin_.set_length(options.spin_us);
  return error_code::none;
}

void environment::set_stall_threshold(uint32_t microseconds) {
  meter.set_threshold(microseconds, loop.busy_ns());
  stalls.set_threshold(microseconds);
}

void environment::after_poll() {
  stalls.turn_began();
  const uint64_t end_ns = uv_hrtime() + delivery_ns;
  home_->awake();
  const uint64_t received = home_->counters().messages_received;
  more_ = home_->turn(turn_quota());
  const uint32_t readable = loop.take_readable();
  const bool completed = readable != 0 && files.reap(readable);
  if (received != home_->counters().messages_received) spin_.active(uv_hrtime());
  if (completed) io_spin_.active(uv_hrtime());
  if (completed) files.deliver(area, loop, on_completions);
  if (!mail.empty()) mail.deliver(*home_, area, loop, on_messages, end_ns);
  if (!mail.empty()) more_ = true;
  if (stalls.waiting()) on_stalls.call(1, [this] { stalls.take(); });
}

bool environment::before_poll() {
  const bool may_sleep = finish_turn();
  stalls.turn_ended(meter.turn_ended(loop.busy_ns()));
  if (meter.turns() == 1) stalls.open(meter.threshold_us());
  return may_sleep && !stalls.waiting();
}

bool environment::finish_turn() {
  const uint64_t now = uv_hrtime();
  handles.release_listed(*home_);
  external.report(home_->heap().used());
  if (now - decayed_at_ >= decay_interval_ms * 1'000'000) {
    decayed_at_ = now;
    home_->heap().decay();
  }
  files.flush();
  if (more_ || worth_looking(now)) {
    home_->flush();
    return false;
  }
  if (!home_->prepare_to_sleep()) return false;
  // Asleep, nobody would give back what lies idle.
  if (home_->heap().idle_memory()) loop.pass_in(decay_interval_ms);
  return true;
}

bool environment::worth_looking(uint64_t now_ns) {
  if (!spin_.off() && spin_.spinning(now_ns)) return true;
  return !io_spin_.off() && files.few_in_flight() && io_spin_.spinning(now_ns);
}

void environment::shut() {
  if (!attached()) return;
  stalls.close();
  files.shut();
  mail.close(*home_);
  handles.release_all(*home_);
  home_->flush();
  mesh::get().detach(*home_);
  current_shard = no_shard;
  home_ = nullptr;
  loop.close();
}

}  // namespace corebuf
