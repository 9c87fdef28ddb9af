#include "node/constants.h"

#include <cstddef>

#include "buffer/fragment_size.h"
#include "io/alignment.h"
#include "io/engine_choice.h"
#include "io/io_class.h"
#include "memory/shard_heap.h"
#include "memory/size_class.h"
#include "net/frames.h"
#include "net/net_engine.h"
#include "node/bindings.h"
#include "turn/exchange.h"
#include "turn/metrics.h"
#include "turn/handle_table.h"
#include "turn/mailbox.h"
#include "turn/records.h"
#include "turn/socket_table.h"
#include "node/results.h"
#include "turn/turn_meter.h"
#include "shard/message.h"

namespace corebuf {

namespace {

struct constant {
  const char* name;
  double value;
};

template <typename Value>
constexpr double number(Value value) {
  return static_cast<double>(value);
}

/// Position of a field in words.
constexpr double word(size_t offset) { return static_cast<double>(offset / sizeof(uint32_t)); }

constexpr constant memory_constants[] = {
    {"regionSize", number(region_size)},
    {"regionOutside", number(region_address::region_outside)},
    {"fragmentSizeMax", number(fragment_size_max)},
    {"bufferLengthMax", number(fragment_record::length_max)},
    {"alignmentMax", number(shard_heap::alignment_max)},
    {"slabSlotMax", number(slot_size_max)},
    {"budgetMin", number(shard_heap::budget_min)},
    {"pageSize", number(page_size)},
    {"shardsMax", number(shards_max)},
    {"scrubNone", number(scrubbing::none)},
    {"scrubZero", number(scrubbing::zero)},
    {"scrubPoison", number(scrubbing::poison)},
};

// Slots of the handle table; positions are in bytes.
constexpr constant slot_constants[] = {
    {"handleBlockSlots", number(handle_table::block_slots)},
    {"handleSlotSize", number(handle_table::slot_size)},
    {"handleLength", number(offsetof(handle, bytes) + iobuf_layout::length)},
    {"handleFragments", number(offsetof(handle, bytes) + iobuf_layout::fragment_count)},
    {"handleSlack", number(offsetof(handle, bytes) + iobuf_layout::slack)},
    {"handleIntact", number(offsetof(handle, bytes) + iobuf_layout::intact)},
    {"handlePending", number(offsetof(handle, pending))},
    {"handleSlackRegion", number(offsetof(handle, slack) + offsetof(region_address, region))},
    {"handleSlackOffset", number(offsetof(handle, slack) + offsetof(region_address, offset))},
    {"handleFrontRegion", number(offsetof(handle, front) + offsetof(region_address, region))},
    {"handleFrontOffset", number(offsetof(handle, front) + offsetof(region_address, offset))},
    {"handleKind", number(offsetof(handle, kind))},
    {"listedMax", number(handle_table::listed_max)},
};

// The exchange areas; positions are in words of 32 bits, those of a completion in numbers of 64.
constexpr constant exchange_constants[] = {
    {"exchangeSize", number(exchange::size)},
    {"exchangeBody", number(exchange::body_offset)},
    {"outgoingShard", number(outgoing_word::shard)},
    {"outgoingIncarnation", number(outgoing_word::incarnation)},
    {"outgoingMethod", number(outgoing_word::method)},
    {"outgoingNumber", number(outgoing_word::number)},
    {"outgoingLength", number(outgoing_word::length)},
    {"outgoingTransfers", number(outgoing_word::transfers)},
    {"outgoingToken", number(outgoing_word::token)},
    {"outgoingStatus", number(outgoing_word::status)},
    {"outgoingRunning", number(outgoing_word::running)},
    {"countedAppendedToSlack", number(script_counter::appended_to_slack)},
    {"countedLeaksReclaimed", number(script_counter::leaks_reclaimed)},
    {"countedCallsQueued", number(script_counter::calls_queued)},
    {"countedIndexPlusOne", number(script_counter::index_plus_one)},
    {"countedLogsOpen", number(script_counter::logs_open)},
    {"countedLogs", number(script_counter::logs)},
    {"countedLogsMax", number(shard_metrics::logs_max)},
    {"countedNumbers", number(script_counters)},
    {"messageWords", word(sizeof(message_record))},
    {"messageAlignment", number(message_record::alignment)},
    {"messageKind", word(offsetof(message_record, kind))},
    {"messageStatus", word(offsetof(message_record, status))},
    {"messageFrom", word(offsetof(message_record, from))},
    {"messageToken", word(offsetof(message_record, token))},
    {"messageNumber", word(offsetof(message_record, number))},
    {"messageMethod", word(offsetof(message_record, method))},
    {"messageLength", word(offsetof(message_record, encoded_length))},
    {"messageInPayload", word(offsetof(message_record, encoded_in_payload))},
    {"completionNumbers", number(sizeof(completion_record) / sizeof(double))},
    {"completionOperation", number(offsetof(completion_record, number) / sizeof(double))},
    {"completionResult", number(offsetof(completion_record, result) / sizeof(double))},
    {"fragmentWords", word(sizeof(fragment_record))},
    {"fragmentRegion", word(offsetof(fragment_record, region))},
    {"fragmentOffset", word(offsetof(fragment_record, offset))},
    {"fragmentLength", word(offsetof(fragment_record, length))},
    {"fragmentShard", word(offsetof(fragment_record, shard))},
    {"fragmentWindowBefore", word(offsetof(fragment_record, window_before))},
    {"fragmentWindowLength", word(offsetof(fragment_record, window_length))},
    {"forgottenWords", word(sizeof(forgotten_record))},
    {"forgottenSlot", word(offsetof(forgotten_record, slot))},
    {"forgottenBytesLow", word(offsetof(forgotten_record, bytes_low))},
    {"forgottenBytesHigh", word(offsetof(forgotten_record, bytes_high))},
};

// Choices, results of calls, and limits.
const constant call_constants[] = {
    {"errorOutOfMemory", number(number_of(error_code::out_of_memory))},
    {"errorMisaligned", number(number_of(error_code::misaligned))},
    {"errorShardsInUse", number(number_of(error_code::shards_in_use))},
    {"errorShardGone", number(number_of(error_code::shard_gone))},
    {"errnoBase", number(errno_base)},
    {"requestKind", number(message_kind::request)},
    {"statusOk", number(message_status::ok)},
    {"statusFailed", number(message_status::failed)},
    {"statusGone", number(message_status::gone)},
    {"transfersMax", number(mailbox::transfers_max)},
    {"wrappableNothing", number(wrappable::nothing)},
    {"wrappableShared", number(wrappable::shared)},
    {"wrappableAll", number(wrappable::all)},
    {"wrapRefusedArena", number(wrap_refusal::arena)},
    {"wrapRefusedResizable", number(wrap_refusal::resizable)},
    {"wrapRefusedDetached", number(wrap_refusal::detached)},
    {"openDirect", number(direct_open_flag)},
    {"engineAutomatic", number(engine_kind::automatic)},
    {"engineIoUring", number(engine_kind::io_uring)},
    {"engineThreads", number(engine_kind::threads)},
    {"ioClassesMax", number(io_classes_max)},
    {"ioSharesMax", number(io_shares_max)},
    {"ioGoalMax", number(io_goal_us_max)},
    {"ioSharesDefault", number(io_shares_default)},
    {"ioGoalDefault", number(io_goal_us_default)},
    {"stallThreshold", number(turn_meter::threshold_us_default)},
};

// The lists of the network: positions in words of 32 bits, kinds of events, causes of closing, and commands.
constexpr constant network_constants[] = {
    {"socketEventWords", word(sizeof(net_event_record))},
    {"socketEventKind", word(offsetof(net_event_record, kind))},
    {"socketEventSocket", word(offsetof(net_event_record, socket))},
    {"socketEventLow", word(offsetof(net_event_record, low))},
    {"socketEventHigh", word(offsetof(net_event_record, high))},
    {"socketAccepted", number(net_event::accepted)},
    {"socketConnected", number(net_event::connected)},
    {"socketReceived", number(net_event::received)},
    {"socketEnded", number(net_event::ended)},
    {"socketSent", number(net_event::sent)},
    {"socketUnsent", number(net_event::unsent)},
    {"socketClosed", number(net_event::closed)},
    {"socketAcceptFailed", number(net_event::accept_failed)},
    {"socketStarved", number(net_event::starved)},
    {"socketCallConnect", number(net_call::connect)},
    {"socketCallRead", number(net_call::read)},
    {"socketCallWrite", number(net_call::write)},
    {"socketCallMemory", number(net_call::memory)},
    {"commandListSize", number(socket_table::list_size)},
    {"commandsMax", number(socket_table::commands_max)},
    {"commandCount", word(offsetof(command_header, count))},
    {"commandObeyed", word(offsetof(command_header, obeyed))},
    {"commandFlushes", word(offsetof(command_header, flushes))},
    {"commandsBegin", word(sizeof(command_header))},
    {"commandWords", word(sizeof(net_command_record))},
    {"commandOperation", word(offsetof(net_command_record, op))},
    {"commandSocket", word(offsetof(net_command_record, socket))},
    {"commandA", word(offsetof(net_command_record, a))},
    {"commandB", word(offsetof(net_command_record, b))},
    {"commandStart", number(net_command::start)},
    {"commandLimit", number(net_command::limit)},
    {"commandInput", number(net_command::input)},
    {"commandSend", number(net_command::send)},
    {"commandTell", number(net_command::tell)},
    {"commandEnd", number(net_command::end)},
    {"commandFinish", number(net_command::finish)},
    {"commandClose", number(net_command::close)},
    {"commandReset", number(net_command::reset)},
    {"commandPause", number(net_command::pause)},
    {"commandResume", number(net_command::resume)},
    {"commandNoDelay", number(net_command::no_delay)},
    {"commandKeepAlive", number(net_command::keep_alive)},
    {"commandIdleLimit", number(net_command::idle_limit)},
    {"commandUnsentLimit", number(net_command::unsent_limit)},
    {"commandAccept", number(net_command::accept)},
    {"commandUnlisten", number(net_command::unlisten)},
    {"connectionsMax", number(connections_max)},
    {"frameLittleEndian", number(frame_little_endian)},
    {"frameIncludesItself", number(frame_includes_itself)},
    {"frameKeepsLength", number(frame_keeps_length)},
    {"frameWhole", number(frame_state::whole)},
    {"framePartial", number(frame_state::partial)},
    {"frameWrong", number(frame_state::wrong)},
    {"frameOutOfMemory", number(frame_state::out_of_memory)},
    {"addressListener", number(address_kind::listener)},
    {"addressLocal", number(address_kind::local)},
    {"addressPeer", number(address_kind::peer)},
};

}  // namespace

Napi::Object constants(Napi::Env env) {
  Napi::Object all = Napi::Object::New(env);
  const auto set = [&](const auto& group) {
    for (const auto& [name, value] : group) all[name] = Napi::Number::New(env, value);
  };
  set(memory_constants);
  set(slot_constants);
  set(exchange_constants);
  set(call_constants);
  set(network_constants);
  return all;
}

}  // namespace corebuf
