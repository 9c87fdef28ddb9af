// The content of chains: comparing, finding and checksums, at once or in slices (buffer/scan.h).
#include <algorithm>
#include <chrono>
#include <optional>

#include "buffer/content.h"
#include "buffer/crc32c.h"
#include "buffer/scan.h"
#include "buffer/xxhash64.h"
#include "node/entry.h"
#include "node/opened.h"
#include "node/results.h"

namespace corebuf {

/// Work in slices on the bytes that a chain has when it begins. JavaScript holds it as an External, whose collection frees it.
struct scan_state {
  scan_state(handle_slot slot, uint32_t changes, const iobuf& chain, uint64_t seed)
      : result(seed), slot(slot), changes(changes), of(chain), hash(seed) {}

  uint64_t result;  // the seed at first, and the checksum when nothing is left
  size_t done = 0;  // bytes
  const handle_slot slot;
  uint32_t changes;  // of the chain, when the cursor was valid
  scan of;
  xxhash64 hash;
};

/// An External that scanBegin() has made.
struct scan_argument {
  scan_state* state = nullptr;
};

namespace {

constexpr napi_type_tag scan_tag = {0x6f3d1c5a92b84e07, 0xa1c7d20be65f4933};

}  // namespace

template <>
struct parameter<scan_argument> {
  static constexpr const char* expected = "a scan";
  bool read(napi_env env, environment&, napi_value from) {
    napi_valuetype type{};
    bool ours = false;
    void* data = nullptr;
    if (napi_typeof(env, from, &type) != napi_ok || type != napi_external) return false;
    if (napi_check_object_type_tag(env, from, &scan_tag, &ours) != napi_ok || !ours) return false;
    if (napi_get_value_external(env, from, &data) != napi_ok) return false;
    value.state = static_cast<scan_state*>(data);
    return true;
  }
  scan_argument value;
};

namespace {

constexpr const char* chain_has_changed = "the chain of the scan has changed";

/// The chain of a scan during one slice. TypeScript checks before each slice that the chain has not changed. Where it has changed all the
/// same, the cursor may point to freed memory, so it is made anew.
class opened_scan {
 public:
  opened_scan(const attached_call& call, scan_argument scanned)
      : state(*scanned.state), chain_(call.here, state.slot) {
    const uint32_t changes = call.handles().changes(state.slot);
    fits_ = state.done <= chain_->length() && state.of.left <= chain_->length() - state.done;
    if (fits_ && changes != state.changes) state.of.at = cursor(*chain_, state.done);
    state.changes = changes;
    left_before_ = state.of.left;
  }
  ~opened_scan() { state.done += left_before_ - state.of.left; }
  opened_scan(const opened_scan&) = delete;
  opened_scan& operator=(const opened_scan&) = delete;

  /// False when the chain has fewer bytes than the scan needs.
  bool fits() const { return fits_; }

  scan_state& state;

 private:
  const opened_to_read_or_append chain_;
  bool fits_;
  size_t left_before_;
};

napi_value left_of(napi_env env, const scan_state& state) {
  return to_js(env, static_cast<double>(state.of.left));
}

/// From the last argument of every slice.
slice_quota quota_of(uint32_t microseconds) { return slice_quota(std::chrono::microseconds(microseconds)); }

/// compareChains(slot, other): -1, 0 or 1
napi_value compare_chains(const attached_call& call, handle_slot slot, handle_slot with) {
  const opened_to_change chain(call.here, slot);
  const opened_to_change other(call.here, with);
  return to_js(call.env, static_cast<int32_t>(compare(*chain, *other)));
}

/// compareBytes(slot, bytes): -1, 0 or 1
napi_value compare_bytes(const attached_call& call, handle_slot slot, std::span<std::byte> bytes) {
  const opened_to_change chain(call.here, slot);
  return to_js(call.env, static_cast<int32_t>(compare(*chain, bytes)));
}

/// chainLiesAt(slot, position, wanted): 1 or 0
napi_value chain_lies_at(const attached_call& call, handle_slot slot, uint64_t position, handle_slot of) {
  const opened_to_change chain(call.here, slot);
  if (position > chain->length()) return call.refuse(past_the_end);
  const opened_to_change wanted(call.here, of);
  return to_js(call.env, static_cast<int32_t>(matches_at(*chain, position, *wanted)));
}

/// bytesLieAt(slot, position, wanted): 1 or 0
napi_value bytes_lie_at(const attached_call& call, handle_slot slot, uint64_t position, std::span<std::byte> wanted) {
  const opened_to_change chain(call.here, slot);
  if (position > chain->length()) return call.refuse(past_the_end);
  return to_js(call.env, static_cast<int32_t>(matches_at(*chain, position, wanted)));
}

/// find(slot, needle, from): the position, or the length of the chain when the needle is not found
napi_value find_bytes(const attached_call& call, handle_slot slot, std::span<std::byte> needle, uint64_t from) {
  const opened_to_change chain(call.here, slot);
  if (from > chain->length()) return call.refuse(past_the_end);
  const result<size_t> found = find(*chain, needle, from);
  if (!found) return to_js(call.env, found.failure().code);
  return to_js(call.env, static_cast<double>(std::min(found.value(), chain->length())));
}

/// byteAt(slot, position), which is before the end
napi_value byte_at(const attached_call& call, handle_slot slot, uint64_t position) {
  const opened_to_change chain(call.here, slot);
  if (position >= chain->length()) return call.refuse(past_the_end);
  return to_js(call.env, static_cast<uint32_t>(cursor(*chain, position).run(1).front()));
}

napi_value to_bigint(napi_env env, uint64_t number) {
  napi_value result = nullptr;
  napi_create_bigint_uint64(env, number, &result);
  return result;
}

/// xxhash64(slot, seed): seed and result are BigInts of 64 bits
napi_value xxhash64_of(const attached_call& call, handle_slot slot, big_word seed) {
  const opened_to_change chain(call.here, slot);
  xxhash64 hash(seed.value);
  for (const fragment* at = chain->front(); at != nullptr; at = iobuf::next(at))
    hash.add({at->data, at->length});
  return to_bigint(call.env, hash.digest());
}

/// trimBack(slot, length)
napi_value trim_back(const attached_call& call, handle_slot slot, uint64_t length) {
  const opened_to_change trimmed(call.here, slot);
  if (length > trimmed->length()) return call.refuse(past_the_end);
  trimmed->trim_back(call.home(), length);
  return to_js(call.env, error_code::none);
}

/// moveOut(slot, into): moves the whole chain into an empty one, without counting it in the ledger
napi_value move_out(const attached_call& call, handle_slot slot, handle_slot to) {
  if (slot == to) return call.refuse(same_slot);
  const opened_to_change from(call.here, slot);
  const opened_to_change into(call.here, to);
  if (into->fragment_count() != 0) return call.refuse(not_empty);
  into->swap(*from);
  return to_js(call.env, error_code::none);
}

/// clearSlice(slot, microseconds): bytes left
napi_value clear_some(const attached_call& call, handle_slot slot, uint32_t microseconds) {
  const opened_to_change cleared(call.here, slot);
  slice_quota quota = quota_of(microseconds);
  clear_slice(call.home(), *cleared, quota);
  return to_js(call.env, static_cast<double>(cleared->length()));
}

/// scanBegin(slot, seed): a scan of the bytes that the chain has now, from the front
napi_value scan_begin(const attached_call& call, handle_slot slot, big_word seed) {
  const opened_to_read_or_append chain(call.here, slot);
  auto* state = new scan_state(slot, call.handles().changes(slot), *chain, seed.value);
  const auto let_go = [](napi_env, void* data, void*) { delete static_cast<scan_state*>(data); };
  napi_value held = nullptr;
  if (napi_create_external(call.env, state, let_go, nullptr, &held) != napi_ok) {
    delete state;
    return nullptr;
  }
  ASSERT(napi_type_tag_object(call.env, held, &scan_tag) == napi_ok);
  return held;
}

/// scanResult(scan): the checksum when no bytes are left, or whether the bytes were equal
napi_value scan_result(const entry_call& call, scan_argument scanned) { return to_bigint(call.env, scanned.state->result); }

/// Adds one slice of the bytes to a checksum: `add(state, piece)`. Returns the bytes left.
template <typename Add>
napi_value sum_slice(const attached_call& call, scan_argument scanned, uint32_t microseconds, Add add) {
  const opened_scan opened(call, scanned);
  if (!opened.fits()) return call.refuse(chain_has_changed);
  slice_quota quota = quota_of(microseconds);
  opened.state.of.slice(quota, [&](std::span<const std::byte> piece) {
    add(opened.state, piece);
    return true;
  });
  return left_of(call.env, opened.state);
}

/// crc32cSlice(scan, microseconds): bytes left
napi_value crc32c_slice(const attached_call& call, scan_argument scanned, uint32_t microseconds) {
  return sum_slice(call, scanned, microseconds, [](scan_state& summed, std::span<const std::byte> piece) {
    summed.result = crc32c(static_cast<uint32_t>(summed.result), piece);
  });
}

/// xxhash64Slice(scan, microseconds): bytes left
napi_value xxhash64_slice(const attached_call& call, scan_argument scanned, uint32_t microseconds) {
  napi_value left = sum_slice(call, scanned, microseconds, [](scan_state& summed, std::span<const std::byte> piece) { summed.hash.add(piece); });
  if (scanned.state->of.left == 0) scanned.state->result = scanned.state->hash.digest();
  return left;
}

/// equalChainSlice(scan, other scan, microseconds): bytes left; the result is 0 once they differ
napi_value equal_chain_slice(const attached_call& call, scan_argument scanned, scan_argument with, uint32_t microseconds) {
  if (scanned.state == with.state) return call.refuse("a scan cannot be compared with itself");
  const opened_scan opened(call, scanned);
  const opened_scan other(call, with);
  if (!opened.fits() || !other.fits()) return call.refuse(chain_has_changed);
  scan& beside = other.state.of;
  if (beside.left < opened.state.of.left) return call.refuse(past_the_end);
  const size_t left = opened.state.of.left;
  slice_quota quota = quota_of(microseconds);
  opened.state.result = equal_slice(opened.state.of, beside.at, quota) ? 1 : 0;
  beside.left -= left - opened.state.of.left;
  return left_of(call.env, opened.state);
}

/// equalBytesSlice(scan, bytes, microseconds): as above; `bytes` has as many bytes as the scan had at its
/// beginning
napi_value equal_bytes_slice(const attached_call& call, scan_argument scanned, std::span<std::byte> bytes, uint32_t microseconds) {
  const opened_scan opened(call, scanned);
  if (!opened.fits()) return call.refuse(chain_has_changed);
  if (opened.state.of.left > bytes.size()) return call.refuse(past_the_end);
  flat_cursor other(std::span<const std::byte>(bytes).last(opened.state.of.left));
  slice_quota quota = quota_of(microseconds);
  opened.state.result = equal_slice(opened.state.of, other, quota) ? 1 : 0;
  return left_of(call.env, opened.state);
}

/// copySlice(scan, slot, microseconds): appends to the chain of the slot, another one. Returns the bytes left, or
/// out_of_memory; then the call can be repeated for the rest.
napi_value copy_slice(const attached_call& call, scan_argument scanned, handle_slot to, uint32_t microseconds) {
  if (scanned.state->slot == to) return call.refuse(same_slot);
  const opened_scan opened(call, scanned);
  if (!opened.fits()) return call.refuse(chain_has_changed);
  const opened_to_change copy(call.here, to);
  slice_quota quota = quota_of(microseconds);
  bool room = true;
  opened.state.of.slice(quota, [&](std::span<const std::byte> piece) {
    room = copy->append(call.home(), piece);
    return room;
  });
  return room ? left_of(call.env, opened.state) : to_js(call.env, error_code::out_of_memory);
}

}  // namespace

void bind_content(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      entry<"compareChains", compare_chains>,
      entry<"compareBytes", compare_bytes>,
      entry<"chainLiesAt", chain_lies_at>,
      entry<"bytesLieAt", bytes_lie_at>,
      entry<"find", find_bytes>,
      entry<"byteAt", byte_at>,
      entry<"xxhash64", xxhash64_of>,
      entry<"trimBack", trim_back>,
      entry<"moveOut", move_out>,
      entry<"clearSlice", clear_some>,
      entry<"scanBegin", scan_begin>,
      entry<"scanResult", scan_result>,
      entry<"crc32cSlice", crc32c_slice>,
      entry<"xxhash64Slice", xxhash64_slice>,
      entry<"equalChainSlice", equal_chain_slice>,
      entry<"equalBytesSlice", equal_bytes_slice>,
      entry<"copySlice", copy_slice>,
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
