#include "node/content_binding.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <type_traits>

#include "buffer/content.h"
#include "buffer/crc32c.h"
#include "buffer/scan.h"
#include "buffer/xxhash64.h"
#include "node/arguments.h"
#include "node/binding.h"
#include "node/environment.h"
#include "node/opened.h"

namespace corebuf {

namespace {

/// Lies in an ArrayBuffer that no user sees. Whoever goes on with it has checked that the chain is as it was.
struct scan_state {
  uint64_t result =
      0;  // JavaScript writes the seed here before it begins, and reads the checksum when nothing is left
  scan of;
  xxhash64 hash;

  static scan_state& in(std::span<std::byte> memory) {
    ASSERT(memory.size() == sizeof(scan_state));
    return *reinterpret_cast<scan_state*>(memory.data());
  }
};

static_assert(std::is_trivially_destructible_v<scan_state>);

napi_value left_of(napi_env env, const scan_state& state) {
  return to_js(env, static_cast<double>(state.of.left));
}

/// The last argument of every slice.
slice_quota quota_of(uint32_t microseconds) { return slice_quota(std::chrono::microseconds(microseconds)); }

/// compareChains(slot, other): -1, 0 or 1
napi_value compare_chains(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened chain(call.here(), call.word(0));
  const opened other(call.here(), call.word(1));
  return to_js(env, static_cast<int32_t>(compare(*chain, *other)));
}

/// compareBytes(slot, bytes): -1, 0 or 1
napi_value compare_bytes(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened chain(call.here(), call.word(0));
  return to_js(env, static_cast<int32_t>(compare(*chain, call.bytes(1))));
}

/// chainLiesAt(slot, position, wanted): 1 or 0
napi_value chain_lies_at(napi_env env, napi_callback_info info) {
  const arguments<3> call(env, info);
  const opened chain(call.here(), call.word(0));
  const opened wanted(call.here(), call.word(2));
  return to_js(env, static_cast<int32_t>(matches_at(*chain, call.size(1), *wanted)));
}

/// bytesLieAt(slot, position, wanted): 1 or 0
napi_value bytes_lie_at(napi_env env, napi_callback_info info) {
  const arguments<3> call(env, info);
  const opened chain(call.here(), call.word(0));
  return to_js(env, static_cast<int32_t>(matches_at(*chain, call.size(1), call.bytes(2))));
}

/// find(slot, needle, from): the position, or the length of the chain when it is not there
napi_value find_bytes(napi_env env, napi_callback_info info) {
  const arguments<3> call(env, info);
  const opened chain(call.here(), call.word(0));
  const result<size_t> found = find(*chain, call.bytes(1), call.size(2));
  if (!found) return to_js(env, found.failure().code);
  return to_js(env, static_cast<double>(std::min(found.value(), chain->length())));
}

/// byteAt(slot, position), which is before the end
napi_value byte_at(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened chain(call.here(), call.word(0));
  return to_js(env, static_cast<uint32_t>(cursor(*chain, call.size(1)).run(1).front()));
}

/// xxhash64(slot, seed): both 64 bits
napi_value xxhash64_of(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened chain(call.here(), call.word(0));
  xxhash64 hash(call.big(1));
  for (const fragment* at = chain->front(); at != nullptr; at = iobuf::next(at))
    hash.add({at->data, at->length});
  napi_value digest = nullptr;
  napi_create_bigint_uint64(env, hash.digest(), &digest);
  return digest;
}

/// trimBack(slot, length)
napi_value trim_back(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened trimmed(call.here(), call.word(0));
  trimmed->trim_back(call.here().home(), call.size(1));
  return to_js(env, error_code::none);
}

/// moveOut(slot, into): all of the chain, into an empty one; the ledger counts nothing
napi_value move_out(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened from(call.here(), call.word(0));
  const opened into(call.here(), call.word(1));
  ASSERT(into->fragment_count() == 0);
  into->swap(*from);
  return to_js(env, error_code::none);
}

/// clearSlice(slot, microseconds): bytes left
napi_value clear_some(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened cleared(call.here(), call.word(0));
  slice_quota quota = quota_of(call.word(1));
  clear_slice(call.here().home(), *cleared, quota);
  return to_js(env, static_cast<double>(cleared->length()));
}

/// scanBegin(state, slot): from the front, over the bytes that are there now
napi_value scan_begin(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened chain(call.here(), call.word(1));
  scan_state& state = scan_state::in(call.memory(0));
  const uint64_t seed = state.result;
  new (&state) scan_state{seed, scan(*chain), xxhash64(seed)};
  return left_of(env, state);
}

/// crc32cSlice(state, microseconds): bytes left
napi_value crc32c_slice(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  scan_state& state = scan_state::in(call.memory(0));
  slice_quota quota = quota_of(call.word(1));
  state.of.slice(quota, [&](std::span<const std::byte> piece) {
    state.result = crc32c(static_cast<uint32_t>(state.result), piece);
    return true;
  });
  return left_of(env, state);
}

/// xxhash64Slice(state, microseconds): bytes left
napi_value xxhash64_slice(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  scan_state& state = scan_state::in(call.memory(0));
  slice_quota quota = quota_of(call.word(1));
  state.of.slice(quota, [&](std::span<const std::byte> piece) {
    state.hash.add(piece);
    return true;
  });
  if (state.of.left == 0) state.result = state.hash.digest();
  return left_of(env, state);
}

/// equalChainSlice(state, other state, microseconds): bytes left; the result is 0 once they differ
napi_value equal_chain_slice(napi_env env, napi_callback_info info) {
  const arguments<3> call(env, info);
  scan_state& state = scan_state::in(call.memory(0));
  slice_quota quota = quota_of(call.word(2));
  state.result = equal_slice(state.of, scan_state::in(call.memory(1)).of.at, quota) ? 1 : 0;
  return left_of(env, state);
}

/// equalBytesSlice(state, bytes, microseconds): as above; the bytes are as many as the scan began with
napi_value equal_bytes_slice(napi_env env, napi_callback_info info) {
  const arguments<3> call(env, info);
  scan_state& state = scan_state::in(call.memory(0));
  const std::span<const std::byte> bytes = call.bytes(1);
  ASSERT(state.of.left <= bytes.size());
  flat_cursor other(bytes.last(state.of.left));
  slice_quota quota = quota_of(call.word(2));
  state.result = equal_slice(state.of, other, quota) ? 1 : 0;
  return left_of(env, state);
}

/// copySlice(state, slot, microseconds): appends to the chain of the slot; bytes left, or out_of_memory, and
/// then it can be asked for the rest again
napi_value copy_slice(napi_env env, napi_callback_info info) {
  const arguments<3> call(env, info);
  scan_state& state = scan_state::in(call.memory(0));
  const opened copy(call.here(), call.word(1));
  slice_quota quota = quota_of(call.word(2));
  bool room = true;
  state.of.slice(quota, [&](std::span<const std::byte> piece) {
    room = copy->append(call.here().home(), piece);
    return room;
  });
  return room ? left_of(env, state) : to_js(env, error_code::out_of_memory);
}

}  // namespace

const size_t scan_state_size = sizeof(scan_state);

void bind_content(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      {"compareChains", compare_chains},
      {"compareBytes", compare_bytes},
      {"chainLiesAt", chain_lies_at},
      {"bytesLieAt", bytes_lie_at},
      {"find", find_bytes},
      {"byteAt", byte_at},
      {"xxhash64", xxhash64_of},
      {"trimBack", trim_back},
      {"moveOut", move_out},
      {"clearSlice", clear_some},
      {"scanBegin", scan_begin},
      {"crc32cSlice", crc32c_slice},
      {"xxhash64Slice", xxhash64_slice},
      {"equalChainSlice", equal_chain_slice},
      {"equalBytesSlice", equal_bytes_slice},
      {"copySlice", copy_slice},
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
