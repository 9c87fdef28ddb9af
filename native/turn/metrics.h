// The counters of a shard by name, as prometheus() shows them. The shard publishes their values in its
// shard_metrics, from where any thread reads them without asking it. To publish costs about as much as three
// sums over the size classes, and two nanoseconds for each open log.
#pragma once

#include <cstdint>
#include <span>

#include "io/io_class.h"
#include "io/io_engine.h"
#include "memory/shard_heap.h"
#include "net/net_stats.h"
#include "shard/shard.h"
#include "turn/turn_meter.h"

namespace corebuf {

/// Numbers that JavaScript counts itself, in memory that it has made for them.
/// `logs` is the first of log_numbers numbers for each of shard_metrics::logs_max logs: accepted, written, durable.
enum class script_counter : uint32_t { appended_to_slack, leaks_reclaimed, calls_queued, index_plus_one, logs_open, logs };
inline constexpr size_t log_numbers = 3;
inline constexpr size_t script_counters = static_cast<size_t>(script_counter::logs) + log_numbers * shard_metrics::logs_max;

/// The sources of the values of one shard.
struct measured {
  memory_stats memory;
  io_stats io;
  net_stats net;
  shard& home;
  const turn_meter& turns;
  std::span<const double, script_counters> script;

  uint64_t counted(script_counter which) const {
    return static_cast<uint64_t>(script[static_cast<size_t>(which)]);
  }
};

/// Metrics of one name follow each other, and differ in their label.
template <typename Source>
struct metric {
  const char* name;
  const char* label;  // such as `kind="append"`; empty when there is one metric of this name
  const char* type;   // counter or gauge
  const char* help;
  uint64_t (*value)(const Source& of);
};

extern const std::span<const metric<measured>> shard_metric_list;
extern const std::span<const metric<io_class>> io_metric_list;  // of each class

void publish(const measured& now, const io_classes& classes);

}  // namespace corebuf
