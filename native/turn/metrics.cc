#include "turn/metrics.h"

namespace corebuf {

namespace {

using of_shard = const measured&;
using of_class = const io_class&;

template <copy_kind Kind>
uint64_t copied(of_shard of) {
  const uint64_t bytes = of.home.ledger_here().copied[static_cast<size_t>(Kind)];
  return Kind == copy_kind::append ? bytes + of.counted(script_counter::appended_to_slack) : bytes;
}

constexpr const char* copied_help = "Bytes that were copied, by place.";
constexpr const char* frees_help =
    "Objects of other shards that this shard has sent home, and objects that came home to it.";
constexpr const char* io_help = "Reads, writes and syncs that have ended.";
constexpr const char* io_bytes_help = "Bytes read from files and written to them.";
constexpr const char* net_bytes_help = "Bytes that sockets have received and sent.";

// Counters have names that end in _total, as Prometheus wants it.
constexpr metric<measured> of_shards[] = {
    {"memory_budget_bytes", "", "gauge", "Bytes that the shard may use.",
     [](of_shard of) -> uint64_t { return of.memory.budget; }},
    {"memory_committed_bytes", "", "gauge", "Bytes that may have memory behind them.",
     [](of_shard of) -> uint64_t { return of.memory.committed; }},
    {"memory_used_bytes", "", "gauge", "Bytes of live slots and spans.",
     [](of_shard of) -> uint64_t { return of.memory.used; }},
    {"memory_pinned_bytes", "", "gauge", "Bytes of slab memory that live buffers hold.",
     [](of_shard of) -> uint64_t { return of.home.holdings_here().pinned; }},
    {"memory_wrapped_bytes", "", "gauge", "Bytes of JavaScript's memory that live buffers hold.",
     [](of_shard of) -> uint64_t { return of.home.holdings_here().wrapped; }},
    {"memory_referenced_bytes", "", "gauge", "Bytes that chains refer to.",
     [](of_shard of) -> uint64_t { return of.home.holdings_here().referenced; }},
    {"memory_live_objects", "", "gauge", "Chains, buffers and other objects that are alive.",
     [](of_shard of) -> uint64_t { return of.memory.live_objects; }},
    {"memory_allocations_total", "", "counter", "Slots and spans allocated.",
     [](of_shard of) { return of.memory.allocations; }},
    {"memory_frees_total", "", "counter", "Slots and spans freed.",
     [](of_shard of) { return of.memory.frees; }},
    {"memory_failures_total", "", "counter", "Allocations that found the budget spent.",
     [](of_shard of) { return of.memory.failures; }},
    {"memory_large_requests_total", "", "counter", "Requests for more than 128 KiB in one piece.",
     [](of_shard of) { return of.memory.large_requests; }},
    {"remote_frees_total", "direction=\"sent\"", "counter", frees_help,
     [](of_shard of) { return of.home.counters().returns_sent; }},
    {"remote_frees_total", "direction=\"received\"", "counter", frees_help,
     [](of_shard of) { return of.home.counters().returns_received; }},
    {"leaks_reclaimed_total", "", "counter", "Objects that were collected without having been released.",
     [](of_shard of) { return of.counted(script_counter::leaks_reclaimed); }},
    {"calls_queued", "", "gauge", "Calls that wait for maxInFlight.",
     [](of_shard of) { return of.counted(script_counter::calls_queued); }},
    {"messages_received_total", "", "counter", "Requests and answers received.",
     [](of_shard of) { return of.home.counters().messages_received; }},
    {"turns_total", "", "counter", "Passes of the event loop.", [](of_shard of) { return of.turns.turns(); }},
    {"stalls_total", "", "counter", "Turns longer than stallThreshold.",
     [](of_shard of) { return of.turns.stalls(); }},
    {"stalls_on_cpu_total", "", "counter", "Stalls that had a processor for longer than stallThreshold.",
     [](of_shard of) { return of.turns.stalls_on_cpu(); }},
    {"copied_bytes_total", "place=\"append\"", "counter", copied_help, copied<copy_kind::append>},
    {"copied_bytes_total", "place=\"copyTo\"", "counter", copied_help, copied<copy_kind::copy_to>},
    {"copied_bytes_total", "place=\"toBuffer\"", "counter", copied_help, copied<copy_kind::to_buffer>},
    {"copied_bytes_total", "place=\"message\"", "counter", copied_help, copied<copy_kind::message>},
    {"copied_bytes_total", "place=\"receive\"", "counter", copied_help, copied<copy_kind::receive>},
    {"shared_bytes_total", "", "counter", "Bytes that chains refer to because of share().",
     [](of_shard of) { return of.home.ledger_here().shared; }},
    {"moved_bytes_total", "", "counter", "Bytes that went from one chain to another.",
     [](of_shard of) { return of.home.ledger_here().moved; }},
    {"io_operations_total", "kind=\"read\"", "counter", io_help, [](of_shard of) { return of.io.reads; }},
    {"io_operations_total", "kind=\"write\"", "counter", io_help, [](of_shard of) { return of.io.writes; }},
    {"io_operations_total", "kind=\"sync\"", "counter", io_help, [](of_shard of) { return of.io.syncs; }},
    {"io_bytes_total", "kind=\"read\"", "counter", io_bytes_help,
     [](of_shard of) { return of.io.bytes_read; }},
    {"io_bytes_total", "kind=\"write\"", "counter", io_bytes_help,
     [](of_shard of) { return of.io.bytes_written; }},
    {"appenders_open", "", "gauge", "Appenders that are open.",
     [](of_shard of) { return of.counted(script_counter::logs_open); }},
    {"io_submits_total", "", "counter", "Submissions to the I/O engine.",
     [](of_shard of) { return of.io.submits; }},
    {"io_in_flight", "", "gauge", "File operations that have not ended.",
     [](of_shard of) { return of.io.in_flight; }},
    {"net_connections", "", "gauge", "Connections that are open or being opened.",
     [](of_shard of) -> uint64_t { return of.net.connections; }},
    {"net_accepted_total", "", "counter", "Connections accepted.",
     [](of_shard of) { return of.net.accepted; }},
    {"net_connected_total", "", "counter", "Connections that this shard has opened.",
     [](of_shard of) { return of.net.connected; }},
    {"net_closed_total", "", "counter", "Connections closed, for whatever reason.",
     [](of_shard of) { return of.net.closed; }},
    {"net_failed_total", "", "counter", "Connections closed by an error.",
     [](of_shard of) { return of.net.failed; }},
    {"net_bytes_total", "direction=\"received\"", "counter", net_bytes_help,
     [](of_shard of) { return of.net.bytes_received; }},
    {"net_bytes_total", "direction=\"sent\"", "counter", net_bytes_help,
     [](of_shard of) { return of.net.bytes_sent; }},
};
static_assert(std::size(of_shards) <= shard_metrics::counters_max);

constexpr metric<io_class> of_classes[] = {
    {"io_class_queued", "", "gauge", "Reads and writes that wait until they are handed to the engine.",
     [](of_class of) { return of.queued; }},
    {"io_class_in_flight", "", "gauge", "Reads and writes that the engine has.",
     [](of_class of) { return of.in_flight; }},
    {"io_class_completed_total", "", "counter", "Reads and writes that have ended.",
     [](of_class of) { return of.completed; }},
    {"io_class_bytes_total", "", "counter", "Bytes of the reads and writes that have ended.",
     [](of_class of) { return of.bytes; }},
    {"io_class_waited_microseconds_total", "", "counter", "Time for which reads and writes were held back.",
     [](of_class of) { return of.waited_us; }},
};
static_assert(std::size(of_classes) <= shard_metrics::io_counters_max);

void publish_memory(const shard_heap& heap, shard_metrics& into) {
  for (size_t size_class = 0; size_class < size_classes; ++size_class) {
    const slab_pool& data = heap.data().pools[size_class];
    const slab_pool& records = heap.records().pools[size_class];
    into.classes[size_class].used.set(data.slots_live() + records.slots_live());
    into.classes[size_class].slabs.set(data.slabs() + records.slabs());
  }
}

void publish_logs(const measured& now, shard_metrics& into) {
  const double* number = &now.script[static_cast<size_t>(script_counter::logs)];
  for (size_t place = 0; place < into.logs_known(); ++place) {
    shard_metrics::log_positions& log = into.logs[place];
    log.accepted.set(static_cast<uint64_t>(*number++));
    log.written.set(static_cast<uint64_t>(*number++));
    log.durable.set(static_cast<uint64_t>(*number++));
  }
}

}  // namespace

const std::span<const metric<measured>> shard_metric_list = of_shards;
const std::span<const metric<io_class>> io_metric_list = of_classes;

void publish(const measured& now, const io_classes& classes) {
  shard_metrics& into = now.home.metrics();
  into.index_plus_one.set(now.counted(script_counter::index_plus_one));
  for (size_t index = 0; index < std::size(of_shards); ++index)
    into.published[index].set(of_shards[index].value(now));
  publish_memory(now.home.heap(), into);
  publish_logs(now, into);
  for (size_t number = 0; number < classes.size(); ++number) {
    if (number == into.io_names_known()) into.add_io_name(classes[number].name);
    for (size_t index = 0; index < std::size(of_classes); ++index) {
      into.io_published[number][index].set(of_classes[index].value(classes[number]));
    }
  }
}

}  // namespace corebuf
