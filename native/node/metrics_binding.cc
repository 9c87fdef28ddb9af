// Metrics of all shards of the process, and the latencies of this one.
#include <napi.h>

#include <algorithm>
#include <string>
#include <utility>

#include "node/entry.h"
#include "node/results.h"
#include "shard/mesh.h"
#include "turn/metrics.h"

namespace corebuf {

namespace {

/// Bounds of the buckets that JavaScript is shown: 2^10 ns, about 1 µs, to 2^34 ns, about 17 s.
constexpr unsigned bucket_bits_min = 10;
constexpr unsigned bucket_bits_max = 34;

template <typename Source>
Napi::Array describe_list(napi_env env, std::span<const metric<Source>> list) {
  Napi::Array described = Napi::Array::New(env);
  uint32_t filled = 0;
  for (const metric<Source>& one : list) {
    Napi::Object its = Napi::Object::New(env);
    its["name"] = Napi::String::New(env, one.name);
    its["label"] = Napi::String::New(env, one.label);
    its["type"] = Napi::String::New(env, one.type);
    its["help"] = Napi::String::New(env, one.help);
    described[filled++] = its;
  }
  return described;
}

/// metricList(): {shard, ioClass, bounds}: names in the order of the values, and bounds of buckets in nanoseconds
napi_value metric_list(const entry_call& call) {
  const napi_env env = call.env;
  Napi::Array bounds = Napi::Array::New(env);
  for (unsigned bits = bucket_bits_min; bits <= bucket_bits_max; ++bits) {
    bounds[bits - bucket_bits_min] = to_js(env, uint64_t{1} << bits);
  }
  Napi::Object described = Napi::Object::New(env);
  described["shard"] = describe_list(env, shard_metric_list);
  described["ioClass"] = describe_list(env, io_metric_list);
  described["bounds"] = bounds;
  return described;
}

/// {sum, count, within}: nanoseconds, and cumulative counts by bound
Napi::Object describe_buckets(napi_env env, const histogram& of) {
  std::array<uint64_t, bucket_bits_max - bucket_bits_min + 1> counts;
  const uint64_t all = of.cumulate(bucket_bits_min, counts);
  Napi::Array within = Napi::Array::New(env, counts.size());
  for (uint32_t index = 0; index < counts.size(); ++index) within[index] = to_js(env, counts[index]);
  Napi::Object described = Napi::Object::New(env);
  described["within"] = within;
  described["count"] = to_js(env, all);
  described["sum"] = to_js(env, of.sum_ns());
  return described;
}

template <size_t Most>
Napi::Array describe_counters(napi_env env, const std::array<counter, Most>& values, size_t count) {
  Napi::Array described = Napi::Array::New(env);
  for (uint32_t index = 0; index < count; ++index) described[index] = to_js(env, values[index].get());
  return described;
}

Napi::Array describe_io(napi_env env, shard_metrics& metrics) {
  Napi::Array classes = Napi::Array::New(env);
  const auto [names, count] = metrics.io_names();
  for (uint32_t index = 0; index < count; ++index) {
    Napi::Object one = Napi::Object::New(env);
    one["name"] = Napi::String::New(env, names[index]);
    one["values"] = describe_counters(env, metrics.io_published[index], io_metric_list.size());
    one["latency"] = describe_buckets(env, metrics.io[index]);
    classes[index] = one;
  }
  return classes;
}

Napi::Array describe_sent(napi_env env, const shard& of) {
  Napi::Array sent = Napi::Array::New(env);
  uint32_t filled = 0;
  for (size_t id = 0; id < shards_max; ++id) {
    const uint64_t messages = of.sent_to(static_cast<shard_id>(id));
    if (messages == 0) continue;
    Napi::Object one = Napi::Object::New(env);
    one["to"] = to_js(env, uint64_t{id});
    one["messages"] = to_js(env, messages);
    sent[filled++] = one;
  }
  return sent;
}

Napi::Object describe_shard(napi_env env, shard& of) {
  shard_metrics& metrics = of.metrics();
  Napi::Object described = Napi::Object::New(env);
  described["id"] = to_js(env, uint64_t{of.id()});
  described["index"] = to_js(env, static_cast<double>(metrics.index_plus_one) - 1);
  described["values"] = describe_counters(env, metrics.published, shard_metric_list.size());
  described["ioClasses"] = describe_io(env, metrics);
  described["sent"] = describe_sent(env, of);
  described["calls"] = describe_buckets(env, metrics.calls);
  described["laneWaits"] = describe_buckets(env, metrics.lane_waits);
  described["turns"] = describe_buckets(env, metrics.turns);
  return described;
}

/// An array of what `describe` returns for each shard that has a thread. No other shard is asked.
template <typename Describe>
Napi::Array each_shard(const entry_call& call, Describe describe) {
  call.here.turn.publish_metrics();
  Napi::Array shards = Napi::Array::New(call.env);
  uint32_t filled = 0;
  for (size_t id = 0; id < shards_max; ++id) {
    shard* found = mesh::get().at(static_cast<shard_id>(id));
    if (found != nullptr && found->attached()) shards[filled++] = describe(*found);
  }
  return shards;
}

/// metrics(): those of every shard that has a thread
napi_value metrics_of_all(const entry_call& call) {
  return each_shard(call, [&](shard& one) { return describe_shard(call.env, one); });
}

Napi::Object describe_quantiles(napi_env env, const histogram& of) {
  constexpr double ns_per_us = 1000;
  const auto us = [&](uint64_t ns) { return to_js(env, static_cast<double>(ns) / ns_per_us); };
  const uint64_t count = of.count();
  Napi::Object described = Napi::Object::New(env);
  described["count"] = to_js(env, count);
  described["mean"] = us(count == 0 ? 0 : of.sum_ns() / count);
  described["p50"] = us(of.quantile_ns(0.5));
  described["p90"] = us(of.quantile_ns(0.9));
  described["p99"] = us(of.quantile_ns(0.99));
  described["p999"] = us(of.quantile_ns(0.999));
  described["longest"] = us(of.longest_ns());
  return described;
}

Napi::Array describe_slots(napi_env env, const shard_metrics& metrics) {
  Napi::Array classes = Napi::Array::New(env);
  uint32_t filled = 0;
  for (size_t size_class = 0; size_class < size_classes; ++size_class) {
    const auto& [used, slabs] = metrics.classes[size_class];
    if (slabs == 0) continue;
    const uint64_t slots = slabs * slab_slots(size_class);
    Napi::Object described = Napi::Object::New(env);
    described["size"] = to_js(env, slot_sizes[size_class]);
    described["used"] = to_js(env, used.get());
    described["free"] = to_js(env, slots - std::min(slots, used.get()));  // The two may be of different moments.
    described["slabs"] = to_js(env, slabs.get());
    classes[filled++] = described;
  }
  return classes;
}

Napi::Array describe_logs(napi_env env, shard_metrics& metrics) {
  Napi::Array logs = Napi::Array::New(env);
  uint32_t filled = 0;
  for (size_t place = 0; place < metrics.logs_known(); ++place) {
    const std::string path = metrics.log_name(place);
    if (path.empty()) continue;
    const auto& [accepted, written, durable] = metrics.logs[place];
    Napi::Object described = Napi::Object::New(env);
    described["path"] = Napi::String::New(env, path);
    // Read in this order, because each is at most the next one and all may grow meanwhile.
    described["durable"] = to_js(env, durable.get());
    described["written"] = to_js(env, written.get());
    described["accepted"] = to_js(env, accepted.get());
    logs[filled++] = described;
  }
  return logs;
}

Napi::Array describe_stalls(napi_env env, shard_metrics& metrics) {
  Napi::Array stalls = Napi::Array::New(env);
  uint32_t filled = 0;
  for (const std::string& report : metrics.stalls()) {
    if (!report.empty()) stalls[filled++] = Napi::String::New(env, report);
  }
  return stalls;
}

Napi::Object describe_latencies(napi_env env, const shard_metrics& metrics, size_t io_kinds) {
  Napi::Array io = Napi::Array::New(env, io_kinds);
  for (uint32_t index = 0; index < io_kinds; ++index) io[index] = describe_quantiles(env, metrics.io[index]);
  Napi::Object described = Napi::Object::New(env);
  described["calls"] = describe_quantiles(env, metrics.calls);
  described["laneWaits"] = describe_quantiles(env, metrics.lane_waits);
  described["turns"] = describe_quantiles(env, metrics.turns);
  described["io"] = io;
  return described;
}

/// latencies(): LatencyStats of calls, laneWaits and turns of this shard, and of its I/O classes in their order
napi_value latencies(const attached_call& call) {
  return describe_latencies(call.env, call.home().metrics(), call.files().classes().size());
}

/// inspected(): the same as metrics(), and of each shard {classes, appenders, stalls, latencies}
napi_value inspected(const entry_call& call) {
  const napi_env env = call.env;
  return each_shard(call, [&](shard& one) {
    shard_metrics& metrics = one.metrics();
    Napi::Object described = describe_shard(env, one);
    described["classes"] = describe_slots(env, metrics);
    described["appenders"] = describe_logs(env, metrics);
    described["stalls"] = describe_stalls(env, metrics);
    described["latencies"] = describe_latencies(env, metrics, metrics.io_names().count);
    return described;
  });
}

/// nameLog(place, path): the log that this thread counts at this place; '' when it is closed
napi_value name_log(const attached_call& call, uint32_t place, std::string path) {
  if (place >= shard_metrics::logs_max) return call.refuse("there is no such place for a log");
  call.home().metrics().set_log_name(place, std::move(path));
  return to_js(call.env, error_code::none);
}

/// publishStall(report): keeps the text for inspected()
napi_value publish_stall(const attached_call& call, std::string report) {
  call.home().metrics().add_stall(std::move(report));
  return to_js(call.env, error_code::none);
}

/// countIn(counters): from now on JavaScript counts in this Float64Array's memory
napi_value count_in(const entry_call& call, array_buffer counters) {
  if (counters.memory.size() != script_counters * sizeof(double)) return call.refuse("the counters are not of the size of them");
  call.keep(counters.value);
  call.here.turn.count_in(reinterpret_cast<const double*>(counters.memory.data()));
  return to_js(call.env, error_code::none);
}

}  // namespace

void bind_metrics(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      entry<"metricList", metric_list>, entry<"metrics", metrics_of_all>,
      entry<"latencies", latencies>,    entry<"countIn", count_in>,
      entry<"inspected", inspected>,    entry<"nameLog", name_log>,
      entry<"publishStall", publish_stall>,
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
