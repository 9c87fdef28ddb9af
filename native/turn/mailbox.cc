#include "turn/mailbox.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "buffer/iobuf.h"
#include "shard/mesh.h"
#include "turn/batch_callback.h"
#include "turn/clock.h"
#include "turn/event_loop.h"
#include "turn/exchange.h"
#include "turn/handle_table.h"
#include "turn/records.h"

namespace corebuf {

namespace {

constexpr size_t record_max = sizeof(message_record) + message::inline_max;
static_assert(record_max % message_record::alignment == 0 && record_max < exchange::size);

uint32_t inline_length(const message& of) { return of.encoded_in_payload > 0 ? 0 : of.encoded_length; }

}  // namespace

void mailbox::deliver(shard& here, const exchange& area, event_loop& loop, const turn_clock& clock,
                      const batch_callback& callback, uint64_t end_ns) {
  for (uint64_t began = clock.now_ns(); take_batch(area);) {
    const size_t messages = batch_.size();
    measure_calls(here, began);
    // Only the replies still belong to this shard after the call: requests may have been answered, and so be
    // on another shard, by then. JavaScript goes on in microtasks after this, and must find no message.
    callback.call(static_cast<uint32_t>(messages), [&] {
      for (size_t reply = 0; reply < batch_replies_; ++reply) {
        here.dispose(batch_[reply]);
        loop.let_go();
      }
      batch_.clear();
    });
    const uint64_t ended = clock.now_ns();
    pace_.took(ended - began, messages);
    if (ended >= end_ns) break;
    began = ended;
  }
}

/// Of the answers in the batch. A clock that a test injects may be behind the one that messages are stamped by.
void mailbox::measure_calls(shard& here, uint64_t now_ns) {
  for (size_t reply = 0; reply < batch_replies_; ++reply) {
    const message& answer = *batch_[reply];
    if (answer.status == message_status::gone || now_ns < answer.called_ns) continue;
    here.metrics().calls.add(now_ns - answer.called_ns);
  }
}

/// False when nothing is left.
bool mailbox::take_batch(const exchange& area) {
  batch_.clear();
  const size_t used = take_from(replies_, area, 0);
  batch_replies_ = batch_.size();
  take_from(requests_, area, used);
  return !batch_.empty();
}

/// Returns how many bytes of the area are used afterwards.
size_t mailbox::take_from(intrusive_list<message>& inbox, const exchange& area, size_t used) {
  for (size_t left = pace_.next(); left > 0 && !inbox.empty() && used + record_max <= exchange::size; --left) {
    message* taken = inbox.pop_front();
    batch_.push_back(taken);
    used += describe(taken, {area.incoming + used, record_max});
  }
  return used;
}

size_t mailbox::describe(message* delivered, std::span<std::byte> into) {
  const bool request = delivered->kind == message_kind::request;
  const message_record described = {
      .kind = static_cast<uint32_t>(delivered->kind),
      .status = static_cast<uint32_t>(delivered->status),
      .from = request ? delivered->from : delivered->to,
      .token = request ? hold_request(delivered) : 0,
      .number = delivered->number,
      .method = delivered->method,
      .encoded_length = delivered->encoded_length,
      .encoded_in_payload = delivered->encoded_in_payload,
  };
  std::memcpy(into.data(), &described, sizeof described);
  std::memcpy(into.data() + sizeof described, delivered->inline_bytes, inline_length(*delivered));
  return sizeof described + align_up(inline_length(*delivered), message_record::alignment);
}

/// `request` is the last of the batch so far.
uint32_t mailbox::hold_request(message* request) {
  const held_request held = {request, batch_.size() - 1};
  if (tokens_free_.empty()) {
    held_.push_back(held);
    return static_cast<uint32_t>(held_.size() - 1);
  }
  const uint32_t token = tokens_free_.back();
  tokens_free_.pop_back();
  held_[token] = held;
  return token;
}

error_code mailbox::send(shard& here, handle_table& handles, event_loop& loop, const outgoing_call& call) {
  if (!mesh::get().alive(call.to)) {
    for (uint32_t index = 0; index < call.transfers; ++index) {
      open_handle(here, handles.to_change(call.transfer_slots[-static_cast<ptrdiff_t>(index)]))->release(here);
    }
    return error_code::shard_gone;
  }
  void* memory = here.heap().allocate_record(sizeof(message));
  if (memory == nullptr) return error_code::out_of_memory;
  auto* request = new (memory) message;
  request->from = here.id();
  request->to = call.to.id;
  request->incarnation = call.to.incarnation;
  request->method = call.method;
  request->number = call.number;
  if (!fill(here, request, call)) {
    here.heap().free(request);
    return error_code::out_of_memory;
  }
  attach_transfers(here, handles, request, call);
  here.post(request);
  loop.hold();
  return error_code::none;
}

error_code mailbox::reply(shard& here, handle_table& handles, const outgoing_call& call) {
  ASSERT(holds(call.token));
  const auto [request, ordinal] = held_[call.token];
  here.release(std::move(request->payload));  // What the callee has not claimed.
  request->encoded_in_payload = 0;
  if (!fill(here, request, call)) return error_code::out_of_memory;
  held_[call.token] = {};
  if (ordinal < batch_.size() && batch_[ordinal] == request) batch_[ordinal] = nullptr;
  tokens_free_.push_back(call.token);
  request->kind = message_kind::reply;
  request->status = call.status;
  attach_transfers(here, handles, request, call);
  here.post(request);
  return error_code::none;
}

/// Puts arguments or results into a message that has none. False when memory is short; then the message is
/// unchanged.
bool mailbox::fill(shard& here, message* filled, const outgoing_call& call) {
  filled->encoded_length = static_cast<uint32_t>(call.encoded.size());
  filled->encoded_in_payload = 0;
  if (call.encoded.size() <= message::inline_max) {
    std::copy(call.encoded.begin(), call.encoded.end(), filled->inline_bytes);
    here.ledger_here().count_copy(copy_kind::message, call.encoded.size());
    return true;
  }
  iobuf encoded;
  if (!encoded.append(here, call.encoded, copy_kind::message)) return false;
  filled->encoded_in_payload = filled->encoded_length;
  filled->payload = encoded.depart(here);
  return true;
}

void mailbox::attach_transfers(shard& here, handle_table& handles, message* filled, const outgoing_call& call) {
  filled->transfers = static_cast<uint16_t>(call.transfers);
  for (uint32_t index = 0; index < call.transfers; ++index) {
    const open_handle moved(here, handles.to_change(call.transfer_slots[-static_cast<ptrdiff_t>(index)]));
    filled->payload.splice(moved->depart(here));
  }
}

bool mailbox::take_encoded(shard& here, size_t ordinal, std::span<std::byte> into) {
  message* from = batch_[ordinal];
  if (!iobuf::can_arrive(from->payload, from->encoded_in_payload)) return false;
  iobuf encoded = iobuf::arrive(from->payload, from->encoded_in_payload);
  encoded.copy_out(0, into);
  encoded.release(here);
  from->encoded_in_payload = 0;
  return true;
}

bool mailbox::claim(size_t ordinal, size_t length, iobuf& into) {
  if (batch_[ordinal]->encoded_in_payload > 0) return false;
  intrusive_list<homebound>& payload = batch_[ordinal]->payload;
  if (!iobuf::can_arrive(payload, length)) return false;
  into = iobuf::arrive(payload, length);
  return true;
}

void mailbox::close(shard& here) {
  while (message* reply = replies_.pop_front()) here.dispose(reply);
  while (message* request = requests_.pop_front()) here.bounce(request);
  for (held_request& held : held_) {
    if (held.request != nullptr) here.bounce(held.request);
    held = {};
  }
}

}  // namespace corebuf
