// Operations on chains by the numbers of their handle slots: IoBuf, DmaBuffer and IoBufReader call them.
#include <algorithm>
#include <cstring>

#include "buffer/fragment_size.h"
#include "buffer/window.h"
#include "node/entry.h"
#include "node/opened.h"
#include "turn/records.h"
#include "node/results.h"

namespace corebuf {

namespace {

/// Fragments that one call can describe.
constexpr size_t described_max = (exchange::size - exchange::body_offset) / sizeof(fragment_record);

/// addHandleBlock(memory): its number. The memory must not be a block already.
napi_value add_block(const entry_call& call, array_buffer given) {
  if (given.memory.size() != handle_table::block_slots * handle_table::slot_size) return call.refuse("memory is not of the size of a block");
  if (call.here.turn.handles.has_block(given.memory.data())) return call.refuse("memory is a block already");
  call.keep(given.value);  // the table points into it
  return to_js(call.env, static_cast<uint32_t>(call.here.turn.handles.add_block(given.memory.data())));
}

/// releaseHandleBlock(block): releases every chain of the block. Lists the slots that held bytes in
/// `outgoing`, as forgotten_records; returns how many.
napi_value release_block(const attached_call& call, handle_block block) {
  call.here.turn.do_listed();
  std::byte* into = call.here.turn.area.body().data();
  uint32_t count = 0;
  for (uint32_t slot = 0; slot < handle_table::block_slots; ++slot) {
    const opened_to_change forgotten(call.here, block.number * handle_table::block_slots + slot);
    if (forgotten->fragment_count() == 0) continue;
    const uint64_t bytes = forgotten->length();
    const forgotten_record described = {slot, static_cast<uint32_t>(bytes), static_cast<uint32_t>(bytes >> 32)};
    std::memcpy(into + count++ * sizeof described, &described, sizeof described);
    forgotten->release(call.home());
  }
  return to_js(call.env, count);
}

/// listReleases(words): the list of slots that are released before the next operation on memory.
napi_value list_releases(const entry_call& call, array_buffer words) {
  if (words.memory.size() != (handle_table::listed_max + 1) * sizeof(uint32_t)) return call.refuse("words is not of the size of the list");
  call.keep(words.value);
  call.here.turn.handles.list_in(reinterpret_cast<uint32_t*>(words.memory.data()));
  return to_js(call.env, error_code::none);
}

napi_value release_listed(const entry_call& call) {
  if (call.here.attached()) call.here.turn.do_listed();
  return to_js(call.env, error_code::none);
}

bool can_be_made(uint64_t length, uint32_t alignment) {
  return length > 0 && length <= fragment_record::length_max && is_power_of_two(alignment) && alignment <= shard_heap::alignment_max;
}

constexpr const char* cannot_be_made = "no buffer has this length and alignment";

/// False when memory ran out.
bool add_buffer(const attached_call& call, iobuf& into, uint64_t length, uint32_t alignment, bool zero) {
  buffer* made = buffer::make(call.home(), length, alignment);
  if (made == nullptr) return false;
  if (!into.append_reference(call.home(), *made)) {
    made->destroy(call.home());
    return false;
  }
  if (zero) std::memset(made->data, 0, made->size);
  return true;
}

/// dmaAlloc(slot, length, alignment, zero)
napi_value dma_alloc(const attached_call& call, handle_slot slot, uint64_t length, uint32_t alignment, uint32_t zero) {
  if (!can_be_made(length, alignment)) return call.refuse(cannot_be_made);
  const opened_to_change into(call.here, slot);
  return done_or_out_of_memory(call.env, add_buffer(call, *into, length, alignment, zero != 0));
}

/// dmaFill(first, count, length, alignment): one buffer for each of `count` slots. Returns how many slots got
/// one before memory ran out.
napi_value dma_fill(const attached_call& call, handle_slot first, uint32_t count, uint64_t length, uint32_t alignment) {
  if (!can_be_made(length, alignment)) return call.refuse(cannot_be_made);
  if (count > call.handles().slots() - first) return call.refuse("there are not so many slots");
  uint32_t filled = 0;
  for (; filled < count; ++filled) {
    const opened_to_change into(call.here, first + filled);
    if (!add_buffer(call, *into, length, alignment, false)) break;
  }
  return to_js(call.env, filled);
}

/// append(slot, bytes): an empty chain gets room for the same number of bytes again.
napi_value append(const attached_call& call, handle_slot slot, std::span<std::byte> bytes) {
  const opened_to_read_or_append to(call.here, slot);
  if (to->empty()) to->expect(2 * bytes.size());
  return done_or_out_of_memory(call.env, to->append(call.home(), bytes));
}

/// fill(slot, bytes): append without room for more.
napi_value fill(const attached_call& call, handle_slot slot, std::span<std::byte> bytes) {
  const opened_to_read_or_append to(call.here, slot);
  return done_or_out_of_memory(call.env, to->append(call.home(), bytes));
}

/// appendChain(slot, source)
napi_value append_chain(const attached_call& call, handle_slot slot, handle_slot of) {
  const opened_to_change to(call.here, slot);
  const opened_to_change source(call.here, of);
  return done_or_out_of_memory(call.env, to->append_copy(call.home(), *source));
}

/// prepend(slot, bytes)
napi_value prepend(const attached_call& call, handle_slot slot, std::span<std::byte> bytes) {
  const opened_to_change to(call.here, slot);
  return done_or_out_of_memory(call.env, to->prepend(call.home(), bytes));
}

/// prependChain(slot, source)
napi_value prepend_chain(const attached_call& call, handle_slot slot, handle_slot of) {
  const opened_to_change to(call.here, slot);
  const opened_to_change source(call.here, of);
  return done_or_out_of_memory(call.env, to->prepend_copy(call.home(), *source));
}

/// reserve(slot, length): writes the address of the reserved range to `outgoing`, as region and offset.
napi_value reserve(const attached_call& call, handle_slot slot, uint64_t length) {
  if (length == 0 || length > fragment_size_max) return call.refuse("no fragment has this length");
  const opened_to_change to(call.here, slot);
  const std::byte* reserved = to->reserve(call.home(), length);
  if (reserved == nullptr) return to_js(call.env, error_code::out_of_memory);
  const region_address address = region_address::of(reserved);
  std::memcpy(call.here.turn.area.body().data(), &address, sizeof address);
  return to_js(call.env, error_code::none);
}

/// The fragment of this shard in which `length` bytes from `start` on lie; null when there is none.
const fragment* fragment_around(const attached_call& call, const iobuf& chain, const std::byte* start, size_t length) {
  const fragment* at = chain.front();
  while (at != nullptr && !(start >= at->data && start <= at->end() && length <= static_cast<size_t>(at->end() - start))) at = iobuf::next(at);
  return at != nullptr && owner(at) == call.home().id() ? at : nullptr;
}

/// writeReserved(slot, region, offset, bytes): overwrites a reserved range, which lies in one fragment of
/// this shard.
napi_value write_reserved(const attached_call& call, handle_slot slot, uint32_t region, uint32_t offset, std::span<std::byte> bytes) {
  const opened_to_change into(call.here, slot);
  std::byte* const reserved = region_address{region, offset}.start();
  if (fragment_around(call, *into, reserved, bytes.size()) == nullptr) return call.refuse("the range is not in the chain");
  if (!bytes.empty()) std::memmove(reserved, bytes.data(), bytes.size());
  call.home().ledger_here().count_copy(copy_kind::append, bytes.size());
  return to_js(call.env, error_code::none);
}

/// coalesce(slot)
napi_value coalesce(const attached_call& call, handle_slot slot) {
  const opened_to_change whole(call.here, slot);
  return done_or_out_of_memory(call.env, whole->coalesce(call.home()));
}

/// take(slot, source)
napi_value take(const attached_call& call, handle_slot slot, handle_slot of) {
  if (slot == of) return call.refuse(same_slot);
  const opened_to_read_or_append to(call.here, slot);
  const opened_to_change source(call.here, of);
  to->take(call.home(), *source);
  return to_js(call.env, error_code::none);
}

/// takeFront(slot, length, into)
napi_value take_front(const attached_call& call, handle_slot slot, uint64_t length, handle_slot to) {
  if (slot == to) return call.refuse(same_slot);
  const opened_to_change from(call.here, slot);
  if (length > from->length()) return call.refuse(past_the_end);
  const opened_to_change into(call.here, to);
  return done_or_out_of_memory(call.env, from->take_front(call.home(), length, *into));
}

/// share(slot, start, length, into)
napi_value share(const attached_call& call, handle_slot slot, uint64_t start, uint64_t length, handle_slot to) {
  if (slot == to) return call.refuse(same_slot);
  const opened_to_read_or_append from(call.here, slot);
  if (start > from->length() || length > from->length() - start) return call.refuse(past_the_end);
  const opened_to_change into(call.here, to);
  return done_or_out_of_memory(call.env, from->share(call.home(), start, length, *into, call.handles().position(slot)));
}

/// trimFront(slot, length)
napi_value trim_front(const attached_call& call, handle_slot slot, uint64_t length) {
  const opened_to_change trimmed(call.here, slot);
  if (length > trimmed->length()) return call.refuse(past_the_end);
  trimmed->trim_front(call.home(), length);
  return to_js(call.env, error_code::none);
}

/// release(slot)
napi_value release(const attached_call& call, handle_slot slot) {
  const opened_to_change released(call.here, slot);
  released->release(call.home());
  return to_js(call.env, error_code::none);
}

fragment_record description_of(const fragment& at) {
  const region_address lies = region_address::of(at.data);
  fragment_record described = {lies.region, lies.offset, static_cast<uint32_t>(at.length), home_of_bytes(at), 0, 0};
  if (lies.region == region_address::region_outside) return described;
  const window shown = window_of(at);
  described.window_before = static_cast<uint32_t>(at.data - shown.start);
  described.window_length = static_cast<uint32_t>(shown.length);
  return described;
}

void describe(environment& here, size_t index, const fragment& at) {
  const fragment_record described = description_of(at);
  std::memcpy(here.turn.area.body().data() + index * sizeof described, &described, sizeof described);
}

/// fragments(slot, first, most): describes at most `most` fragments from number `first` on in `outgoing`, as
/// fragment_records. Returns how many.
napi_value fragments(const attached_call& call, handle_slot slot, uint32_t first, uint32_t wanted) {
  const opened_to_read_or_append listed(call.here, slot);
  if (first >= listed->fragment_count()) return to_js(call.env, 0u);
  chain_position& position = call.handles().position(slot);
  listed->walk_to_index(first, position);
  const auto most = static_cast<uint32_t>(std::min<size_t>({wanted, described_max, listed->fragment_count() - first}));
  const fragment* at = listed->at(position);
  for (uint32_t count = 0; count < most; ++count, at = iobuf::next(at)) describe(call.here, count, *at);
  return to_js(call.env, most);
}

/// fragmentAt(slot, position): describes the fragment in which this byte of the chain lies in `outgoing`
napi_value fragment_at(const attached_call& call, handle_slot slot, uint64_t wanted) {
  const opened_to_read_or_append found(call.here, slot);
  if (wanted >= found->length()) return call.refuse(past_the_end);
  chain_position& position = call.handles().position(slot);
  found->walk_to(wanted, position);
  describe(call.here, 0, *found->at(position));
  return to_js(call.env, error_code::none);
}

/// copyOut(slot, start, target)
napi_value copy_out(const attached_call& call, handle_slot slot, uint64_t start, std::span<std::byte> target) {
  const opened_to_read_or_append from(call.here, slot);
  if (start > from->length()) return call.refuse(past_the_end);
  const size_t copied = from->copy_out(start, target, call.handles().position(slot));
  const bool ours = target.data() != nullptr && owner(target.data()) != no_shard;
  call.home().ledger_here().count_copy(ours ? copy_kind::copy_to : copy_kind::to_buffer, copied);
  return to_js(call.env, static_cast<double>(copied));
}

/// copyIn(slot, bytes): overwrites all bytes of a chain that has one fragment, made by this shard.
napi_value copy_in(const attached_call& call, handle_slot slot, std::span<std::byte> bytes) {
  const opened_to_change into(call.here, slot);
  if (into->fragment_count() != 1 || bytes.size() != into->length()) return call.refuse("the chain is not one fragment of this length");
  if (!bytes.empty()) std::memmove(into->front()->data, bytes.data(), bytes.size());
  return to_js(call.env, error_code::none);
}

/// crc32c(slot, seed)
napi_value crc32c_of(const attached_call& call, handle_slot slot, uint32_t seed) {
  const opened_to_read_or_append from(call.here, slot);
  return to_js(call.env, from->crc32c(seed));
}

}  // namespace

void bind_chains(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      entry<"addHandleBlock", add_block>, entry<"releaseHandleBlock", release_block>,
      entry<"listReleases", list_releases>, entry<"releaseListed", release_listed>, entry<"copyIn", copy_in>,
      entry<"dmaAlloc", dma_alloc>, entry<"dmaFill", dma_fill>, entry<"append", append>, entry<"fill", fill>,
      entry<"appendChain", append_chain>, entry<"prepend", prepend>, entry<"prependChain", prepend_chain>,
      entry<"reserve", reserve>, entry<"writeReserved", write_reserved>, entry<"coalesce", coalesce>,
      entry<"take", take>, entry<"takeFront", take_front>, entry<"share", share>,
      entry<"trimFront", trim_front>, entry<"release", release>, entry<"fragments", fragments>,
      entry<"fragmentAt", fragment_at>, entry<"copyOut", copy_out>, entry<"crc32c", crc32c_of>,
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
