#include "node/mailbox.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "buffer/iobuf.h"
#include "node/event_loop.h"
#include "node/exchange.h"
#include "node/handle_table.h"
#include "node/script_callback.h"
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

uint32_t inline_length(const message& of) { return of.encoded_in_payload > 0 ? 0 : of.encoded_length; }

}  // namespace

void mailbox::deliver(shard& here, const exchange& area, event_loop& loop, const script_callback& callback) {
  while (!inbox_.empty()) {
    size_t used = 0;
    batch_.clear();
    replies_.clear();
    while (!inbox_.empty() && used + record_max <= exchange::size) {
      message* delivered = inbox_.pop_front();
      batch_.push_back(delivered);
      if (delivered->kind == message_kind::reply) replies_.push_back(delivered);
      used += describe(delivered, {area.incoming + used, record_max});
    }
    // Only what arrived as a reply is still ours afterwards: a request may have been answered, and gone, during the call.
    callback.call(static_cast<uint32_t>(batch_.size()), [&] {
      for (message* delivered : replies_) {
        here.dispose(delivered);
        loop.let_go();
      }
    });
  }
  batch_.clear();
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
    requests_.push_back(request);
    return static_cast<uint32_t>(requests_.size() - 1);
  }
  const uint32_t token = tokens_free_.back();
  tokens_free_.pop_back();
  requests_[token] = request;
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
  message* request = requests_[call.token];
  ASSERT(request != nullptr);
  here.release(std::move(request->payload));  // chains that the callee did not look at
  if (!fill(here, request, call)) return error_code::out_of_memory;
  requests_[call.token] = nullptr;
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
  while (message* delivered = inbox_.pop_front()) {
    if (delivered->kind == message_kind::request) here.bounce(delivered);
    else here.dispose(delivered);
  }
  for (message*& request : requests_) {
    if (request != nullptr) here.bounce(request);
    request = nullptr;
  }
}

}  // namespace corebuf
