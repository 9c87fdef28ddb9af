// This thread's shard: attaching, its counters, and facts about the machine.
#include <napi.h>

#include <algorithm>

#include "base/os_system.h"
#include "io/alignment.h"
#include "io/engine_choice.h"
#include "io/os_file.h"
#include "memory/os_memory.h"
#include "net/os_socket.h"
#include "net/poller.h"
#include "node/entry.h"
#include "node/results.h"
#include "shard/os_cpu.h"
#include "shard/mesh.h"

namespace corebuf {

namespace {

/// setup(outgoing, incoming)
napi_value setup(const entry_call& call, array_buffer outgoing, array_buffer incoming) {
  if (outgoing.memory.size() != exchange::size || incoming.memory.size() != exchange::size) return call.refuse("an area is not of the size of one");
  call.keep(outgoing.value);
  call.keep(incoming.value);
  call.here.turn.area.outgoing = outgoing.memory.data();
  call.here.turn.area.incoming = incoming.memory.data();
  return to_js(call.env, error_code::none);
}

napi_value on_messages(const entry_call& call, js_function callback) {
  call.here.on_messages.set(call.env, callback.value, "corebuf:messages");
  return to_js(call.env, error_code::none);
}

napi_value on_completions(const entry_call& call, js_function callback) {
  call.here.on_completions.set(call.env, callback.value, "corebuf:completions");
  return to_js(call.env, error_code::none);
}

/// attach(budget, spin, hugePages, scrubbing): 0, a negative error code, or 1 when this thread is attached already
napi_value attach(const entry_call& call, uint64_t budget, uint32_t spin_us, uint32_t huge_pages, uint32_t scrub) {
  if (call.here.attached()) return to_js(call.env, 1);
  if (call.here.turn.area.outgoing == nullptr) return call.refuse("setup() comes first");
  if (scrub > static_cast<uint32_t>(scrubbing::poison)) return call.refuse("there is no such scrubbing");
  const attach_options options = {
      .memory = {.budget = budget, .huge_pages = huge_pages != 0, .scrub = static_cast<scrubbing>(scrub)},
      .spin_us = spin_us,
  };
  return to_js(call.env, call.here.attach(options));
}

/// leave(): 1 when the shard is gone and attach() may be called again, 0 when nothing has changed; see environment::leave
napi_value leave(const entry_call& call) { return to_js(call.env, call.here.leave() ? 1 : 0); }

/// shardRef(): {id, incarnation, arenaRegions}. With the number of regions per arena JavaScript knows the
/// home of an address.
napi_value shard_ref_of(const attached_call& call) {
  const shard_ref ref = call.home().ref();
  Napi::Object described = Napi::Object::New(call.env);
  described["id"] = to_js(call.env, ref.id);
  described["incarnation"] = to_js(call.env, ref.incarnation);
  described["arenaRegions"] = to_js(call.env, the_address_map->arena_size() / region_size);
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
    described["size"] = to_js(env, data.slot_size());
    described["used"] = to_js(env, data.slots_live() + records.slots_live());
    described["free"] = to_js(env, data.slots_free() + records.slots_free());
    described["slabs"] = to_js(env, data.slabs() + records.slabs());
    classes[filled++] = described;
  }
  return classes;
}

/// Bytes of this shard's memory that something else than its own JavaScript objects refers to: other shards, and operations that
/// are under way.
size_t lent_by(environment& here) {
  const size_t referenced = here.home().holdings_here().referenced;
  return referenced - std::min(referenced, here.turn.handles.referenced_of(here.home().id()));
}

/// heldOf(home): bytes of that shard's memory, or of memory that it wraps, to which JavaScript's objects here refer
napi_value held_of(const attached_call& call, uint32_t home) {
  if (home >= shards_max) return call.refuse("there is no such shard");
  call.here.turn.do_listed();
  return to_js(call.env, uint64_t{call.handles().referenced_of(static_cast<shard_id>(home))});
}

/// memoryStats(): MemoryStats without leaksReclaimed, which TypeScript counts
napi_value memory_stats_of(const attached_call& call) {
  const napi_env env = call.env;
  environment& here = call.here;
  shard& home = here.home();
  here.turn.do_listed();
  const memory_stats stats = home.heap().stats();
  Napi::Object described = Napi::Object::New(env);
  described["budget"] = to_js(env, stats.budget);
  described["committed"] = to_js(env, stats.committed);
  described["used"] = to_js(env, stats.used);
  described["free"] = to_js(env, stats.free);
  described["liveObjects"] = to_js(env, stats.live_objects);
  described["allocations"] = to_js(env, stats.allocations);
  described["frees"] = to_js(env, stats.frees);
  described["failures"] = to_js(env, stats.failures);
  described["largeRequests"] = to_js(env, stats.large_requests);
  described["pinned"] = to_js(env, home.holdings_here().pinned);
  described["wrapped"] = to_js(env, home.holdings_here().wrapped);
  described["referenced"] = to_js(env, home.holdings_here().referenced);
  described["lent"] = to_js(env, lent_by(here));
  described["remoteFreesSent"] = to_js(env, home.counters().returns_sent);
  described["remoteFreesReceived"] = to_js(env, home.counters().returns_received);
  described["remoteFreesPending"] = to_js(env, home.returns_pending());
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
    described["to"] = to_js(env, peer);
    described["sent"] = to_js(env, home.sent_to(peer));
    described["received"] = to_js(env, home.received_from(peer));
    described["waiting"] = to_js(env, home.waiting_for(peer));
    lanes[filled++] = described;
  }
  return lanes;
}

Napi::Object describe_ledger(napi_env env, const ledger& counted) {
  Napi::Object copied = Napi::Object::New(env);
  for (size_t kind = 0; kind < counted.copied.size(); ++kind) {
    copied[copy_kind_names[kind]] = to_js(env, counted.copied[kind]);
  }
  Napi::Object described = Napi::Object::New(env);
  described["copied"] = copied;
  described["shared"] = to_js(env, counted.shared);
  described["moved"] = to_js(env, counted.moved);
  return described;
}

Napi::Array describe_io_classes(napi_env env, const io_classes& classes) {
  Napi::Array described = Napi::Array::New(env);
  for (uint32_t index = 0; index < classes.size(); ++index) {
    const io_class& its = classes[index];
    Napi::Object one = Napi::Object::New(env);
    one["name"] = Napi::String::New(env, its.name);
    one["shares"] = to_js(env, its.shares);
    one["latencyGoal"] = to_js(env, its.goal_us);
    one["latencyP50"] = to_js(env, its.latency.quantile(0.5));
    one["latencyP99"] = to_js(env, its.latency.quantile(0.99));
    one["queued"] = to_js(env, its.queued);
    one["inFlight"] = to_js(env, its.in_flight);
    one["completed"] = to_js(env, its.completed);
    one["bytes"] = to_js(env, its.bytes);
    one["waitedMicroseconds"] = to_js(env, its.waited_us);
    described[index] = one;
  }
  return described;
}

Napi::Object describe_io(napi_env env, file_table& files) {
  const io_stats stats = files.stats();
  Napi::Object described = Napi::Object::New(env);
  described["engine"] = Napi::String::New(env, files.engine_name());
  described["reads"] = to_js(env, stats.reads);
  described["writes"] = to_js(env, stats.writes);
  described["syncs"] = to_js(env, stats.syncs);
  described["bytesRead"] = to_js(env, stats.bytes_read);
  described["bytesWritten"] = to_js(env, stats.bytes_written);
  described["inFlight"] = to_js(env, stats.in_flight);
  described["submits"] = to_js(env, stats.submits);
  described["classes"] = describe_io_classes(env, files.classes());
  return described;
}

Napi::Array describe_lengths(napi_env env, const turn_meter& meter) {
  Napi::Array lengths = Napi::Array::New(env);
  uint32_t filled = 0;
  for (const uint64_t turns : meter.by_length()) lengths[filled++] = to_js(env, turns);
  return lengths;
}

/// shardStats(): ShardStats without id, cpu and memory
napi_value shard_stats(const attached_call& call) {
  const napi_env env = call.env;
  environment& here = call.here;
  Napi::Object described = Napi::Object::New(env);
  described["lanes"] = describe_lanes(env, here.home());
  described["turns"] = to_js(env, here.turn.meter.turns());
  described["stalls"] = to_js(env, here.turn.meter.stalls());
  described["stallsOnCpu"] = to_js(env, here.turn.meter.stalls_on_cpu());
  described["longestTurn"] = to_js(env, here.turn.meter.longest_us());
  described["turnLengths"] = describe_lengths(env, here.turn.meter);
  described["ledger"] = describe_ledger(env, here.home().ledger_here());
  described["io"] = describe_io(env, here.turn.files);
  return described;
}

/// lastRefused(): bytes of the last allocation that failed
napi_value last_refused(const attached_call& call) {
  return to_js(call.env, static_cast<double>(call.home().heap().refused()));
}

/// failIn(n): for tests; the n-th allocation from now fails, and all after it, until failIn(0)
napi_value fail_in(const attached_call& call, uint32_t allocations) {
  call.home().heap().fail_in(allocations);
  return to_js(call.env, error_code::none);
}

napi_value trim(const attached_call& call) {
  const napi_env env = call.env;
  environment& here = call.here;
  shard& home = here.home();
  here.turn.do_listed();
  return to_js(env, static_cast<double>(home.heap().trim()));
}

/// pinThread(cpu): whether the system has pinned this thread
napi_value pin_thread_to(const entry_call& call, uint32_t cpu) {
  return Napi::Boolean::New(call.env, pin_thread(static_cast<int>(cpu)));
}

/// preferNodeHere(): memory of this thread, which is pinned, should come from the node of its processor
napi_value prefer_node_here(const attached_call& call) {
  call.home().heap().prefer_node_here();
  return to_js(call.env, error_code::none);
}

/// memoryLimits(): {process, byGroup, addresses, shard}: bytes, and whether the first is the limit of a cgroup
napi_value memory_limits(const entry_call& call) {
  const size_t addresses = os_memory::address_limit();
  Napi::Object described = Napi::Object::New(call.env);
  described["process"] = to_js(call.env, os_memory::limit());
  described["byGroup"] = Napi::Boolean::New(call.env, os_memory::limit() < os_memory::machine_memory());
  described["addresses"] = addresses == SIZE_MAX ? napi_value{Napi::Env(call.env).Null()} : to_js(call.env, addresses);
  described["shard"] = to_js(call.env, shard_heap::budget_max());
  return described;
}

/// machine(): {backend, engine, poller, cpus, cpusAllowed, memory, ioUringRefusal, directIo, durableWrites, allocation, hugePages, sharedPorts, deadShards}
napi_value machine(const entry_call& call) {
  const napi_env env = call.env;
  Napi::Array allowed = Napi::Array::New(env);
  uint32_t filled = 0;
  for (const int cpu : cpus_allowed()) allowed[filled++] = Napi::Number::New(env, cpu);
  Napi::Object described = Napi::Object::New(env);
  described["backend"] = Napi::String::New(env, os_system());
  described["engine"] = Napi::String::New(env, engine_here());
  described["poller"] = Napi::String::New(env, poller_here());
  described["cpus"] = to_js(env, cpus_usable());
  described["cpusAllowed"] = allowed;
  described["memory"] = to_js(env, os_memory::limit());
  const char* refusal = uring_refusal();
  described["ioUringRefusal"] = refusal == nullptr ? Napi::Env(env).Null() : Napi::String::New(env, refusal).As<Napi::Value>();
  described["directIo"] = Napi::Boolean::New(env, has_direct_io);
  described["durableWrites"] = Napi::Boolean::New(env, os_file::has_durable_writes);
  described["allocation"] = Napi::Boolean::New(env, os_file::has_allocation);
  described["hugePages"] = Napi::Boolean::New(env, os_memory::has_huge_pages);
  described["sharedPorts"] = Napi::Boolean::New(env, os_socket::shares_ports);
  described["deadShards"] = to_js(env, mesh::get().dead_shards());
  return described;
}

}  // namespace

void bind_shard(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      entry<"setup", setup>, entry<"onMessages", on_messages>, entry<"onCompletions", on_completions>,
      entry<"attach", attach>, entry<"leave", leave>, entry<"shardRef", shard_ref_of>,
      entry<"memoryStats", memory_stats_of>, entry<"heldOf", held_of>, entry<"shardStats", shard_stats>, entry<"trim", trim>,
      entry<"lastRefused", last_refused>, entry<"failIn", fail_in>, entry<"pinThread", pin_thread_to>,
      entry<"preferNodeHere", prefer_node_here>, entry<"machine", machine>, entry<"memoryLimits", memory_limits>,
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
