#include "node/message_binding.h"

#include "node/arguments.h"
#include "node/binding.h"
#include "node/environment.h"

namespace corebuf {

namespace {

// The words of `outgoing`, as lib/calls.ts writes them.
enum outgoing_word : size_t { word_shard, word_incarnation, word_method, word_number, word_length, word_parcels, word_token, word_status };

outgoing_call call_in(const exchange& area) {
  outgoing_call call;
  call.to = {static_cast<shard_id>(area.word(word_shard)), area.word(word_incarnation)};
  call.method = area.word(word_method);
  call.number = area.word(word_number);
  call.parcels = area.word(word_parcels);
  call.token = area.word(word_token);
  call.status = static_cast<message_status>(area.word(word_status));
  call.encoded = area.body().first(area.word(word_length));
  call.parcel_slots = reinterpret_cast<const uint32_t*>(area.outgoing + exchange::size) - 1;
  return call;
}

outgoing_call large_call_in(const exchange& area, std::span<const std::byte> encoded) {
  outgoing_call call = call_in(area);
  call.encoded = encoded;
  return call;
}

/// send(): what it sends is in `outgoing`.
napi_value send(napi_env env, napi_callback_info info) {
  environment& here = arguments<0>(env, info).here();
  return to_js(env, here.mail.send(here.home(), here.handles, here.loop, call_in(here.area)));
}

/// sendLarge(encoded): the same with an encoding that did not fit there.
napi_value send_large(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  environment& here = call.here();
  return to_js(env, here.mail.send(here.home(), here.handles, here.loop, large_call_in(here.area, call.bytes(0))));
}

napi_value reply(napi_env env, napi_callback_info info) {
  environment& here = arguments<0>(env, info).here();
  return to_js(env, here.mail.reply(here.home(), here.handles, call_in(here.area)));
}

napi_value reply_large(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  environment& here = call.here();
  return to_js(env, here.mail.reply(here.home(), here.handles, large_call_in(here.area, call.bytes(0))));
}

/// takeEncoded(ordinal, target)
napi_value take_encoded(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  environment& here = call.here();
  here.mail.take_encoded(here.home(), call.word(0), call.bytes(1));
  return to_js(env, error_code::none);
}

/// claimParcel(ordinal, length, slot): out_of_bounds when the encoding that `length` comes from was damaged
napi_value claim_parcel(napi_env env, napi_callback_info info) {
  const arguments<3> call(env, info);
  environment& here = call.here();
  const open_handle into(here.home(), here.handles[call.word(2)]);
  const bool claimed = here.mail.claim(call.word(0), call.size(1), *into);
  return to_js(env, claimed ? error_code::none : error_code::out_of_bounds);
}

}  // namespace

void bind_messages(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      {"send", send},
      {"sendLarge", send_large},
      {"reply", reply},
      {"replyLarge", reply_large},
      {"takeEncoded", take_encoded},
      {"claimParcel", claim_parcel},
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
