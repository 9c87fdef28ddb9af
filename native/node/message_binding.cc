// Sending, answering and unpacking messages.
#include <algorithm>
#include <span>

#include "node/entry.h"
#include "node/opened.h"
#include "node/results.h"

namespace corebuf {

namespace {

outgoing_call call_in(const exchange& area, std::span<const std::byte> encoded) {
  outgoing_call call;
  call.to = {static_cast<shard_id>(area.word(outgoing_word::shard)), area.word(outgoing_word::incarnation)};
  call.method = area.word(outgoing_word::method);
  call.number = area.word(outgoing_word::number);
  call.transfers = area.word(outgoing_word::transfers);
  call.token = area.word(outgoing_word::token);
  call.status = static_cast<message_status>(area.word(outgoing_word::status));
  call.encoded = encoded;
  call.transfer_slots = reinterpret_cast<const uint32_t*>(area.outgoing + exchange::size) - 1;
  return call;
}

/// The encoding in the body of `outgoing`, as far as there is a body.
std::span<const std::byte> encoded_in(const exchange& area) {
  const std::span<const std::byte> body = area.body();
  return body.first(std::min<size_t>(area.word(outgoing_word::length), body.size()));
}

bool transfers_fit(const handle_table& handles, const outgoing_call& call) {
  if (call.transfers > mailbox::transfers_max) return false;
  const std::span slots(call.transfer_slots + 1 - call.transfers, call.transfers);
  return std::all_of(slots.begin(), slots.end(), [&](uint32_t slot) { return slot < handles.slots(); });
}

/// Why the message that `outgoing` describes cannot be sent; null when it can.
const char* misfit_of(const attached_call& call, const outgoing_call& described) {
  if (call.here.turn.area.word(outgoing_word::length) > exchange::size - exchange::body_offset) return "the encoding is longer than the area";
  if (described.encoded.size() > UINT32_MAX) return "the encoding is longer than 4 GiB";
  return transfers_fit(call.handles(), described) ? nullptr : "the chains that move are not in handle slots";
}

napi_value send_described(const attached_call& call, const outgoing_call& described) {
  const char* misfit = misfit_of(call, described);
  if (call.here.turn.area.word(outgoing_word::shard) >= shards_max) misfit = "there is no such shard";
  if (misfit != nullptr) return call.refuse(misfit);
  return to_js(call.env, call.here.turn.mail.send(call.home(), call.handles(), call.here.turn.loop(), described));
}

napi_value reply_described(const attached_call& call, const outgoing_call& described) {
  const char* misfit = misfit_of(call, described);
  if (!call.here.turn.mail.holds(described.token)) misfit = "no request waits under this token";
  if (described.status != message_status::ok && described.status != message_status::failed) misfit = "there is no such status";
  if (misfit != nullptr) return call.refuse(misfit);
  return to_js(call.env, call.here.turn.mail.reply(call.home(), call.handles(), described));
}

/// send(): sends the request that `outgoing` describes
napi_value send(const attached_call& call) {
  const exchange& area = call.here.turn.area;
  return send_described(call, call_in(area, encoded_in(area)));
}

/// sendLarge(encoded): the same, with an encoding that does not fit into `outgoing`
napi_value send_large(const attached_call& call, std::span<std::byte> encoded) {
  return send_described(call, call_in(call.here.turn.area, encoded));
}

napi_value reply(const attached_call& call) {
  const exchange& area = call.here.turn.area;
  return reply_described(call, call_in(area, encoded_in(area)));
}

napi_value reply_large(const attached_call& call, std::span<std::byte> encoded) {
  return reply_described(call, call_in(call.here.turn.area, encoded));
}

constexpr const char* no_message = "no message of this batch is at this place, or it has been answered";

/// takeEncoded(ordinal, target): out_of_bounds when the message does not begin with its encoding
napi_value take_encoded(const attached_call& call, uint32_t ordinal, std::span<std::byte> target) {
  if (!call.here.turn.mail.in_batch(ordinal)) return call.refuse(no_message);
  const bool taken = call.here.turn.mail.take_encoded(call.home(), ordinal, target);
  return to_js(call.env, taken ? error_code::none : error_code::out_of_bounds);
}

/// claimTransfer(ordinal, length, slot): out_of_bounds when no chain of this length is next, because the
/// encoding was damaged
napi_value claim_transfer(const attached_call& call, uint32_t ordinal, uint64_t length, handle_slot slot) {
  if (!call.here.turn.mail.in_batch(ordinal)) return call.refuse(no_message);
  const open_handle into(call.home(), call.handles().to_change(slot));
  if (into->fragment_count() != 0) return call.refuse(not_empty);
  const bool claimed = call.here.turn.mail.claim(ordinal, length, *into);
  return to_js(call.env, claimed ? error_code::none : error_code::out_of_bounds);
}

}  // namespace

void bind_messages(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      entry<"send", send>,
      entry<"sendLarge", send_large>,
      entry<"reply", reply>,
      entry<"replyLarge", reply_large>,
      entry<"takeEncoded", take_encoded>,
      entry<"claimTransfer", claim_transfer>,
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
