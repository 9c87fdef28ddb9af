#include "node/mailbox.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "buffer/iobuf.h"
#include "node/event_loop.h"
#include "node/exchange.h"
#include "node/handle_table.h"
#include "node/script_callback.h"
#include "node/uv.h"
#include "shard/lane.h"
#include "shard/mesh.h"

namespace corebuf {

namespace {

/// One message as JavaScript reads it; the encoded bytes follow, padded to a multiple of 8.
struct record {
  uint32_t kind;
  uint32_t status;
  uint32_t from;
  uint32_t token;
  uint32_t number;
  uint32_t method;
  uint32_t encoded_length;
  uint32_t encoded_in_payload;
};

constexpr size_t record_max = sizeof(record) + message::inline_max;
static_assert(record_max % 8 == 0 && record_max < exchange::size);

constexpr uint64_t batch_target_ns = 100'000;

uint32_t inline_length(const message& of) { return of.encoded_in_payload > 0 ? 0 : of.encoded_length; }

}  // namespace

void mailbox::deliver(shard& here, const exchange& area, event_loop& loop, const script_callback& callback,
                      uint64_t end_ns) {
  for (uint64_t began = uv_hrtime(); take_batch(area);) {
    // Only what arrived as a reply is still ours afterwards: a request may have been answered, and gone, during the call.
    callback.call(static_cast<uint32_t>(batch_.size()), [&] {
      for (size_t reply = 0; reply < batch_replies_; ++reply) {
        here.dispose(batch_[reply]);
        loop.let_go();
      }
    });
    const uint64_t ended = uv_hrtime();
    pace(ended - began);
    if (ended >= end_ns) break;
    began = ended;
  }
  batch_.clear();
}

/// False when nothing is left.
bool mailbox::take_batch(const exchange& area) {
  batch_.clear();
  const size_t used = take_from(replies_, area, 0);
  batch_replies_ = batch_.size();
  take_from(requests_, area, used);
  return !batch_.empty();
}

/// Returns how much of the area is used then.
size_t mailbox::take_from(chain<message>& inbox, const exchange& area, size_t used) {
  for (size_t left = batch_most_; left > 0 && !inbox.empty() && used + record_max <= exchange::size; --left) {
    message* taken = inbox.pop_front();
    batch_.push_back(taken);
    used += describe(taken, {area.incoming + used, record_max});
  }
  return used;
}

/// What JavaScript does with a message may take a nanosecond or a millisecond: batches are as long as has lately taken some
/// batch_target_ns, so that the clock is read seldom and a turn ends in time.
void mailbox::pace(uint64_t batch_ns) {
  const uint64_t each_ns = std::max<uint64_t>(batch_ns / batch_.size(), 1);
  batch_most_ = std::clamp<size_t>(batch_target_ns / each_ns, std::max<size_t>(batch_most_ / 4, 1),
                                   std::min<size_t>(batch_most_ * 2, lane_slots));
}

size_t mailbox::describe(message* delivered, std::span<std::byte> into) {
  const bool request = delivered->kind == message_kind::request;
  const record described = {
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
  return sizeof described + align_up(inline_length(*delivered), 8);
}

uint32_t mailbox::hold_request(message* request) {
  if (tokens_free_.empty()) {
    held_.push_back(request);
    return static_cast<uint32_t>(held_.size() - 1);
  }
  const uint32_t token = tokens_free_.back();
  tokens_free_.pop_back();
  held_[token] = request;
  return token;
}

error_code mailbox::send(shard& here, handle_table& handles, event_loop& loop, const outgoing_call& call) {
  if (!mesh::get().alive(call.to)) {
    for (uint32_t parcel = 0; parcel < call.parcels; ++parcel) {
      open_handle(here, handles[call.parcel_slots[-static_cast<ptrdiff_t>(parcel)]])->release(here);
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
  attach_parcels(here, handles, request, call);
  here.post(request);
  loop.hold();
  return error_code::none;
}

error_code mailbox::reply(shard& here, handle_table& handles, const outgoing_call& call) {
  message* request = held_[call.token];
  ASSERT(request != nullptr);
  here.release(std::move(request->payload));  // chains that the callee did not look at
  if (!fill(here, request, call)) return error_code::out_of_memory;
  held_[call.token] = nullptr;
  tokens_free_.push_back(call.token);
  request->kind = message_kind::reply;
  request->status = call.status;
  attach_parcels(here, handles, request, call);
  here.post(request);
  return error_code::none;
}

/// Arguments or results into a message without any. False when memory is short; then there are none.
bool mailbox::fill(shard& here, message* filled, const outgoing_call& call) {
  filled->encoded_length = static_cast<uint32_t>(call.encoded.size());
  filled->encoded_in_payload = 0;
  if (call.encoded.size() <= message::inline_max) {
    std::copy(call.encoded.begin(), call.encoded.end(), filled->inline_bytes);
    here.ledger_here().count_copy(copy_place::message, call.encoded.size());
    return true;
  }
  iobuf encoded;
  if (!encoded.append(here, call.encoded, copy_place::message)) return false;
  filled->encoded_in_payload = filled->encoded_length;
  filled->payload = encoded.depart(here);
  return true;
}

void mailbox::attach_parcels(shard& here, handle_table& handles, message* filled, const outgoing_call& call) {
  filled->parcels = static_cast<uint16_t>(call.parcels);
  for (uint32_t parcel = 0; parcel < call.parcels; ++parcel) {
    const open_handle moved(here, handles[call.parcel_slots[-static_cast<ptrdiff_t>(parcel)]]);
    filled->payload.splice(moved->depart(here));
  }
}

void mailbox::take_encoded(shard& here, size_t ordinal, std::span<std::byte> into) {
  message* from = batch_[ordinal];
  iobuf encoded = iobuf::arrive(from->payload, from->encoded_in_payload);
  encoded.copy_out(0, into);
  encoded.release(here);
  from->encoded_in_payload = 0;
}

bool mailbox::claim(size_t ordinal, size_t length, iobuf& into) {
  chain<homebound>& payload = batch_[ordinal]->payload;
  if (!iobuf::can_arrive(payload, length)) return false;
  into = iobuf::arrive(payload, length);
  return true;
}

void mailbox::close(shard& here) {
  while (message* reply = replies_.pop_front()) here.dispose(reply);
  while (message* request = requests_.pop_front()) here.bounce(request);
  for (message*& request : held_) {
    if (request != nullptr) here.bounce(request);
    request = nullptr;
  }
}

}  // namespace corebuf
