#include "turn/turn_driver.h"

#include <algorithm>

#include "buffer/fragment.h"
#include "shard/mesh.h"

namespace corebuf {

namespace {

constexpr uint64_t decay_interval_ms = 1000;

/// A thread that does not sleep publishes its metrics so often.
constexpr uint64_t publish_interval_ns = 10'000'000;

/// After so much of a turn messages wait for the next one: methods that have begun should end within turn_quota::time_default.
constexpr uint64_t delivery_ns = 300'000;

}  // namespace

error_code turn_driver::attach(const attach_options& options) {
  ASSERT(!attached());
  const shard_handlers handlers = {
      .drop = drop_fragment,
      .receive = [](shard& here,
                    message* got) { static_cast<turn_driver*>(here.context())->mail.accept(got); },
      .wake = [](void* context) { static_cast<turn_driver*>(context)->host_.loop.wake(); },
      .context = this,
  };
  const auto attached_shard = mesh::get().attach(options.memory, handlers);
  if (!attached_shard) return attached_shard.failure().code;
  home_ = attached_shard.value();
  current_shard = home_->id();
  spin_.set_length(options.spin_us);
  io_spin_.set_length(options.spin_us);
  files.classes().count_in(home_->metrics().io);
  return error_code::none;
}

void turn_driver::set_stall_threshold(uint32_t microseconds) {
  if (meter.threshold_us() == 0) on_cpu_.begin(host_.clock);
  meter.set_threshold(microseconds, host_.clock.busy_ns());
  stalls.set_threshold(microseconds);
}

void turn_driver::after_poll() {
  act();
  running_ = true;
  stalls.turn_began();
  const uint64_t end_ns = host_.clock.now_ns() + delivery_ns;
  home_->awake();
  const uint64_t received = home_->counters().messages_received;
  more_ = home_->turn(turn_quota());
  const uint32_t readable = host_.loop.take_readable();
  const bool completed = readable != 0 && files.reap(readable);
  if (received != home_->counters().messages_received) spin_.active(host_.clock.now_ns());
  if (completed) io_spin_.active(host_.clock.now_ns());
  if (completed) files.deliver(area, host_.loop, host_.on_completions);
  sockets.reap(readable);
  if (sockets.has_news()) sockets.deliver(area, host_.on_sockets, end_ns);
  if (readable == 1U << event_loop::watched_socket) sockets.flush();  // Nobody else waits: the answer need not wait for the poll.
  if (!mail.empty()) mail.deliver(*home_, area, host_.loop, host_.clock, host_.on_messages, end_ns);
  if (!mail.empty()) more_ = true;
  if (stalls.waiting()) host_.on_stalls.call(1, [this] { stalls.take(); });
  running_ = false;
}

bool turn_driver::before_poll() {
  act();
  const uint64_t now_ns = host_.clock.now_ns();
  const bool may_sleep = finish_turn(now_ns);
  measure_turn();
  if (meter.turns() > 1) home_->metrics().turns.add(meter.last_ns());  // The first includes the start of the program.
  if (may_sleep || now_ns - published_at_ns_ >= publish_interval_ns) {
    published_at_ns_ = now_ns;
    publish_metrics();
  }
  // In every turn: the watch of another shard of this thread, which may end, keeps this one from opening.
  stalls.open(meter.threshold_us());
  return may_sleep && !stalls.waiting();
}

void turn_driver::measure_turn() {
  const uint64_t busy_ns = host_.clock.busy_ns();
  const uint64_t stalled_ns = meter.turn_ended(busy_ns);
  const uint64_t on_cpu_ns = meter.threshold_us() == 0 ? 0 : on_cpu_.turn_ended(host_.clock, busy_ns, stalled_ns);
  meter.was_on_cpu(on_cpu_ns);
  stalls.turn_ended(stalled_ns, on_cpu_ns);
}

void turn_driver::publish_metrics() {
  if (!attached()) return;
  static constexpr double nothing[script_counters] = {};
  const net_engine* net = sockets.engine_if_open();
  const measured now = {
      .memory = home_->heap().stats(),
      .io = files.stats(),
      .net = net == nullptr ? net_stats{} : net->stats(),
      .home = *home_,
      .turns = meter,
      .script = std::span<const double, script_counters>(script_counted_ == nullptr ? nothing : script_counted_, script_counters),
  };
  publish(now, files.classes());
}

bool turn_driver::finish_turn(uint64_t now_ns) {
  do_listed();
  host_.external.report(home_->heap().used());
  if (now_ns - decayed_at_ns_ >= decay_interval_ms * 1'000'000) {
    decayed_at_ns_ = now_ns;
    home_->heap().decay();
  }
  files.flush();
  const bool sockets_idle = sockets.flush();
  if (more_ || !sockets_idle || worth_looking(now_ns)) {
    home_->flush();
    return false;
  }
  if (!home_->prepare_to_sleep()) return false;
  // A thread that sleeps decays nothing, so it wakes once more for that.
  const uint64_t decay_ms = home_->heap().idle_memory() ? decay_interval_ms : UINT64_MAX;
  const uint64_t sleep_ms = std::min(decay_ms, sockets.sleep_ms());
  if (sleep_ms != UINT64_MAX) host_.loop.pass_in(sleep_ms);
  return true;
}

bool turn_driver::worth_looking(uint64_t now_ns) {
  if (!spin_.off() && spin_.spinning(now_ns)) return true;
  return !io_spin_.off() && files.few_in_flight() && io_spin_.spinning(now_ns);
}

void turn_driver::shut() {
  if (!attached()) return;
  act();
  stalls.close();
  sockets.shut(host_.loop);
  files.shut();
  mail.close(*home_);
  handles.release_all(*home_);
  home_->flush();
  mesh::get().detach(*home_);
  current_shard = no_shard;
  home_ = nullptr;
  meter = {};
  more_ = false;
}

}  // namespace corebuf
