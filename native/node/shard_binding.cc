#include "node/shard_binding.h"

#include <napi.h>

#include "memory/os_memory.h"
#include "node/arguments.h"
#include "node/binding.h"
#include "node/environment.h"
#include "shard/cpu.h"
#include "shard/mesh.h"

namespace corebuf {

namespace {

Napi::Number number(napi_env env, uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); }

/// setup(outgoing, incoming)
napi_value setup(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  environment& here = call.here();
  ASSERT(call.memory(0).size() == exchange::size && call.memory(1).size() == exchange::size);
  call.keep(0);
  call.keep(1);
  here.area.outgoing = call.memory(0).data();
  here.area.incoming = call.memory(1).data();
  return to_js(env, error_code::none);
}

napi_value on_messages(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  call.here().on_messages.set(env, call.raw(0), "corebuf:messages");
  return to_js(env, error_code::none);
}

napi_value on_completions(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  call.here().on_completions.set(env, call.raw(0), "corebuf:completions");
  return to_js(env, error_code::none);
}

/// attach(budget, spin, hugePages, scrubbing): 0, a negative error code, or 1 when this thread is attached already
napi_value attach(napi_env env, napi_callback_info info) {
  const arguments<4> call(env, info);
  if (call.here().attached()) return to_js(env, 1);
  const attach_options options = {
      .memory = {.budget = call.size(0), .huge_pages = call.word(2) != 0, .scrub = static_cast<scrubbing>(call.word(3))},
      .spin_us = call.word(1),
  };
  return to_js(env, call.here().attach(options));
}

/// shardRef(): {id, incarnation, arenaPieces}: windows per arena, so that places tell their home
napi_value shard_ref_of(napi_env env, napi_callback_info info) {
  const shard_ref ref = arguments<0>(env, info).here().home().ref();
  Napi::Object described = Napi::Object::New(env);
  described["id"] = number(env, ref.id);
  described["incarnation"] = number(env, ref.incarnation);
  described["arenaPieces"] = number(env, the_address_map->arena_size() / window_size);
  return described;
}

Napi::Object describe_classes(napi_env env, const shard_heap& heap) {
  Napi::Array classes = Napi::Array::New(env);
  uint32_t filled = 0;
  for (size_t size_class = 0; size_class < size_classes; ++size_class) {
    const slab_pool& data = heap.data().pools[size_class];
    const slab_pool& records = heap.records().pools[size_class];
    if (data.slabs() + records.slabs() == 0) continue;
    Napi::Object described = Napi::Object::New(env);
    described["size"] = number(env, data.slot_size());
    described["used"] = number(env, data.slots_live() + records.slots_live());
    described["free"] = number(env, data.slots_free() + records.slots_free());
    described["slabs"] = number(env, data.slabs() + records.slabs());
    classes[filled++] = described;
  }
  return classes;
}

/// memoryStats(): MemoryStats but for leaksReclaimed, which the facade counts
napi_value memory_stats_of(napi_env env, napi_callback_info info) {
  environment& here = arguments<0>(env, info).here();
  shard& home = here.home();
  here.handles.release_listed(home);
  const memory_stats stats = home.heap().stats();
  Napi::Object described = Napi::Object::New(env);
  described["budget"] = number(env, stats.budget);
  described["committed"] = number(env, stats.committed);
  described["used"] = number(env, stats.used);
  described["free"] = number(env, stats.free);
  described["liveObjects"] = number(env, stats.live_objects);
  described["allocations"] = number(env, stats.allocations);
  described["frees"] = number(env, stats.frees);
  described["failures"] = number(env, stats.failures);
  described["largeRequests"] = number(env, stats.large_requests);
  described["pinned"] = number(env, home.holdings_here().pinned);
  described["wrapped"] = number(env, home.holdings_here().wrapped);
  described["referenced"] = number(env, home.holdings_here().referenced);
  described["remoteFreesSent"] = number(env, home.counters().returns_sent);
  described["remoteFreesReceived"] = number(env, home.counters().returns_received);
  described["remoteFreesPending"] = number(env, home.returns_pending());
  described["classes"] = describe_classes(env, home.heap());
  return described;
}

Napi::Array describe_lanes(napi_env env, const shard& home) {
  Napi::Array lanes = Napi::Array::New(env);
  uint32_t filled = 0;
  for (size_t id = 0; id < shards_max; ++id) {
    const auto peer = static_cast<shard_id>(id);
    if (home.sent_to(peer) == 0 && home.received_from(peer) == 0 && home.waiting_for(peer) == 0) continue;
    Napi::Object described = Napi::Object::New(env);
    described["to"] = number(env, peer);
    described["sent"] = number(env, home.sent_to(peer));
    described["received"] = number(env, home.received_from(peer));
    described["waiting"] = number(env, home.waiting_for(peer));
    lanes[filled++] = described;
  }
  return lanes;
}

Napi::Object describe_ledger(napi_env env, const ledger& counted) {
  Napi::Object copied = Napi::Object::New(env);
  for (size_t place = 0; place < counted.copied.size(); ++place) {
    copied[copy_place_names[place]] = number(env, counted.copied[place]);
  }
  Napi::Object described = Napi::Object::New(env);
  described["copied"] = copied;
  described["shared"] = number(env, counted.shared);
  described["moved"] = number(env, counted.moved);
  return described;
}

Napi::Array describe_io_classes(napi_env env, const io_classes& classes) {
  Napi::Array described = Napi::Array::New(env);
  for (uint32_t index = 0; index < classes.size(); ++index) {
    const io_class& its = classes[index];
    Napi::Object one = Napi::Object::New(env);
    one["name"] = Napi::String::New(env, its.name);
    one["shares"] = number(env, its.shares);
    one["queued"] = number(env, its.queued);
    one["inFlight"] = number(env, its.in_flight);
    one["completed"] = number(env, its.completed);
    one["bytes"] = number(env, its.bytes);
    one["waitedMicroseconds"] = number(env, its.waited_us);
    described[index] = one;
  }
  return described;
}

Napi::Object describe_io(napi_env env, file_table& files) {
  const io_stats stats = files.stats();
  Napi::Object described = Napi::Object::New(env);
  described["engine"] = Napi::String::New(env, files.engine_name());
  described["reads"] = number(env, stats.reads);
  described["writes"] = number(env, stats.writes);
  described["syncs"] = number(env, stats.syncs);
  described["bytesRead"] = number(env, stats.bytes_read);
  described["bytesWritten"] = number(env, stats.bytes_written);
  described["inFlight"] = number(env, stats.in_flight);
  described["submits"] = number(env, stats.submits);
  described["classes"] = describe_io_classes(env, files.classes());
  return described;
}

Napi::Array describe_lengths(napi_env env, const turn_meter& meter) {
  Napi::Array lengths = Napi::Array::New(env);
  uint32_t filled = 0;
  for (const uint64_t turns : meter.by_length()) lengths[filled++] = number(env, turns);
  return lengths;
}

/// shardStats(): what ShardStats has besides id, cpu and memory
napi_value shard_stats(napi_env env, napi_callback_info info) {
  environment& here = arguments<0>(env, info).here();
  Napi::Object described = Napi::Object::New(env);
  described["lanes"] = describe_lanes(env, here.home());
  described["turns"] = number(env, here.meter.turns());
  described["stalls"] = number(env, here.meter.stalls());
  described["longestTurn"] = number(env, here.meter.longest_us());
  described["turnLengths"] = describe_lengths(env, here.meter);
  described["ledger"] = describe_ledger(env, here.home().ledger_here());
  described["io"] = describe_io(env, here.files);
  return described;
}

/// lastRefused(): bytes that the last failed allocation asked for
napi_value last_refused(napi_env env, napi_callback_info info) {
  return to_js(env, static_cast<double>(arguments<0>(env, info).here().home().heap().refused()));
}

/// failIn(n): the n-th allocation from now fails, and all after it, until failIn(0)
napi_value fail_in(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  call.here().home().heap().fail_in(call.word(0));
  return to_js(env, error_code::none);
}

napi_value trim(napi_env env, napi_callback_info info) {
  environment& here = arguments<0>(env, info).here();
  shard& home = here.home();
  here.handles.release_listed(home);
  return to_js(env, static_cast<double>(home.heap().trim()));
}

/// pinThread(cpu): true when it worked
napi_value pin_thread_to(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  return Napi::Boolean::New(env, pin_thread(static_cast<int>(call.word(0))));
}

/// preferNodeHere(): this thread is pinned, and its memory should be near
napi_value prefer_node_here(napi_env env, napi_callback_info info) {
  arguments<0>(env, info).here().home().heap().prefer_node_here();
  return to_js(env, error_code::none);
}

/// machine(): {cpus, cpusAllowed, memory, ioUringRefusal, orphans}
napi_value machine(napi_env env, napi_callback_info) {
  Napi::Array allowed = Napi::Array::New(env);
  uint32_t filled = 0;
  for (const int cpu : cpus_allowed()) allowed[filled++] = Napi::Number::New(env, cpu);
  Napi::Object described = Napi::Object::New(env);
  described["cpus"] = number(env, cpus_usable());
  described["cpusAllowed"] = allowed;
  described["memory"] = number(env, os_memory::limit());
  const char* refusal = uring_refusal();
  described["ioUringRefusal"] = refusal == nullptr ? Napi::Env(env).Null() : Napi::String::New(env, refusal).As<Napi::Value>();
  described["orphans"] = number(env, mesh::get().orphans());
  return described;
}

}  // namespace

void bind_shard(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      {"setup", setup},       {"onMessages", on_messages}, {"onCompletions", on_completions}, {"attach", attach},        {"shardRef", shard_ref_of}, {"memoryStats", memory_stats_of},
      {"shardStats", shard_stats}, {"trim", trim}, {"lastRefused", last_refused}, {"failIn", fail_in},       {"pinThread", pin_thread_to}, {"preferNodeHere", prefer_node_here}, {"machine", machine},
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
