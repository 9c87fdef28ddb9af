#include "node/chain_binding.h"

#include <algorithm>
#include <cstring>

#include "node/arguments.h"
#include "node/binding.h"
#include "node/environment.h"
#include "node/opened.h"

namespace corebuf {

namespace {

/// Fragments that one call describes.
constexpr size_t described_max = (exchange::size - exchange::body_offset) / (4 * sizeof(uint32_t));

napi_value add_block(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  const std::span<std::byte> memory = call.memory(0);
  ASSERT(memory.size() == handle_table::block_slots * handle_table::slot_size);
  call.keep(0);  // the table points into it
  return to_js(env, static_cast<uint32_t>(call.here().handles.add_block(memory.data())));
}

/// releaseBlock(block): releases every chain of the block; the slots that held bytes, and how many bytes, are listed in
/// `outgoing`, three words each. Returns how many.
napi_value release_block(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  environment& here = call.here();
  here.handles.release_listed(here.home());
  std::byte* into = here.area.body().data();
  uint32_t count = 0;
  for (uint32_t slot = 0; slot < handle_table::block_slots; ++slot) {
    const opened forgotten(here, call.word(0) * handle_table::block_slots + slot);
    if (forgotten->fragment_count() == 0) continue;
    const uint64_t bytes = forgotten->length();
    const uint32_t described[] = {slot, static_cast<uint32_t>(bytes), static_cast<uint32_t>(bytes >> 32)};
    std::memcpy(into + count++ * sizeof described, described, sizeof described);
    forgotten->release(here.home());
  }
  return to_js(env, count);
}

/// listReleases(words): from now on slots listed there are released before anything else is done with memory
napi_value list_releases(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  ASSERT(call.memory(0).size() == (handle_table::listed_max + 1) * sizeof(uint32_t));
  call.keep(0);
  call.here().handles.list_in(reinterpret_cast<uint32_t*>(call.memory(0).data()));
  return to_js(env, error_code::none);
}

napi_value release_listed(napi_env env, napi_callback_info info) {
  environment& here = arguments<0>(env, info).here();
  if (here.attached()) here.handles.release_listed(here.home());
  return to_js(env, error_code::none);
}

/// dmaAlloc(slot, length, alignment, zero)
napi_value dma_alloc(napi_env env, napi_callback_info info) {
  const arguments<4> call(env, info);
  shard& home = call.here().home();
  const opened into(call.here(), call.word(0));
  buffer* made = buffer::make(home, call.size(1), call.word(2));
  if (made == nullptr) return to_js(env, error_code::out_of_memory);
  if (!into->append_reference(home, *made)) {
    made->destroy(home);
    return to_js(env, error_code::out_of_memory);
  }
  if (call.word(3) != 0) std::memset(made->data, 0, made->size);
  return to_js(env, error_code::none);
}

/// dmaFill(first, count, length, alignment): one buffer each for so many slots; returns how many there was memory for
napi_value dma_fill(napi_env env, napi_callback_info info) {
  const arguments<4> call(env, info);
  environment& here = call.here();
  uint32_t filled = 0;
  for (; filled < call.word(1); ++filled) {
    const opened into(here, call.word(0) + filled);
    buffer* made = buffer::make(here.home(), call.size(2), call.word(3));
    if (made == nullptr) break;
    if (into->append_reference(here.home(), *made)) continue;
    made->destroy(here.home());
    break;
  }
  return to_js(env, filled);
}

/// append(slot, bytes): an empty chain gets room for as much again
napi_value append(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened_unmoved to(call.here(), call.word(0));
  const std::span<std::byte> bytes = call.bytes(1);
  if (to->empty()) to->expect(2 * bytes.size());
  return done_or_out_of_memory(env, to->append(call.here().home(), bytes));
}

/// fill(slot, bytes): append, with no more room than the bytes need
napi_value fill(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened_unmoved to(call.here(), call.word(0));
  return done_or_out_of_memory(env, to->append(call.here().home(), call.bytes(1)));
}

/// appendChain(slot, source)
napi_value append_chain(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened to(call.here(), call.word(0));
  const opened source(call.here(), call.word(1));
  return done_or_out_of_memory(env, to->append_copy(call.here().home(), *source));
}

/// prepend(slot, bytes)
napi_value prepend(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened to(call.here(), call.word(0));
  return done_or_out_of_memory(env, to->prepend(call.here().home(), call.bytes(1)));
}

/// prependChain(slot, source)
napi_value prepend_chain(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened to(call.here(), call.word(0));
  const opened source(call.here(), call.word(1));
  return done_or_out_of_memory(env, to->prepend_copy(call.here().home(), *source));
}

/// reserve(slot, length): where the hole begins is described in `outgoing`, as piece and offset
napi_value reserve(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  environment& here = call.here();
  const opened to(here, call.word(0));
  const std::byte* hole = to->reserve(here.home(), call.word(1));
  if (hole == nullptr) return to_js(env, error_code::out_of_memory);
  const window_place place = window_place::of(hole);
  std::memcpy(here.area.body().data(), &place, sizeof place);
  return to_js(env, error_code::none);
}

/// fillHole(slot, piece, offset, bytes): writes over bytes of the chain that lie in one fragment of this shard, at that place
napi_value fill_hole(napi_env env, napi_callback_info info) {
  const arguments<4> call(env, info);
  const opened into(call.here(), call.word(0));
  const window_place place{call.word(1), call.word(2)};
  const std::span<std::byte> bytes = call.bytes(3);
  std::byte* const hole = place.start();
  const fragment* at = into->front();
  while (at != nullptr && !(hole >= at->data && bytes.size() <= static_cast<size_t>(at->end() - hole))) at = iobuf::next(at);
  ASSERT(at != nullptr && owner(at) == call.here().home().id());
  std::memcpy(hole, bytes.data(), bytes.size());
  call.here().home().ledger_here().count_copy(copy_place::append, bytes.size());
  return to_js(env, error_code::none);
}

/// coalesce(slot)
napi_value coalesce(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  const opened whole(call.here(), call.word(0));
  return done_or_out_of_memory(env, whole->coalesce(call.here().home()));
}

/// take(slot, source)
napi_value take(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened_unmoved to(call.here(), call.word(0));
  const opened source(call.here(), call.word(1));
  to->take(call.here().home(), *source);
  return to_js(env, error_code::none);
}

/// takeFront(slot, length, into)
napi_value take_front(napi_env env, napi_callback_info info) {
  const arguments<3> call(env, info);
  const opened from(call.here(), call.word(0));
  const opened into(call.here(), call.word(2));
  return done_or_out_of_memory(env, from->take_front(call.here().home(), call.size(1), *into));
}

/// share(slot, start, length, into)
napi_value share(napi_env env, napi_callback_info info) {
  const arguments<4> call(env, info);
  environment& here = call.here();
  const opened_unmoved from(here, call.word(0));
  const opened into(here, call.word(3));
  chain_place& place = here.handles.place(call.word(0));
  return done_or_out_of_memory(env, from->share(here.home(), call.size(1), call.size(2), *into, place));
}

/// trimFront(slot, length)
napi_value trim_front(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened trimmed(call.here(), call.word(0));
  trimmed->trim_front(call.here().home(), call.size(1));
  return to_js(env, error_code::none);
}

/// release(slot)
napi_value release(napi_env env, napi_callback_info info) {
  const arguments<1> call(env, info);
  const opened released(call.here(), call.word(0));
  released->release(call.here().home());
  return to_js(env, error_code::none);
}

/// fragments(slot, first, most): describes at most `most` fragments from number `first` on in `outgoing`, as piece, offset, length
/// and the shard it lies on; returns how many.
napi_value fragments(napi_env env, napi_callback_info info) {
  const arguments<3> call(env, info);
  environment& here = call.here();
  const opened_unmoved listed(here, call.word(0));
  const size_t first = call.word(1);
  if (first >= listed->fragment_count()) return to_js(env, 0u);
  chain_place& place = here.handles.place(call.word(0));
  listed->walk_to_index(first, place);
  const auto most = static_cast<uint32_t>(std::min<size_t>({call.word(2), described_max, listed->fragment_count() - first}));
  std::byte* into = here.area.body().data();
  const fragment* at = listed->at(place);
  for (uint32_t count = 0; count < most; ++count, at = iobuf::next(at)) {
    const window_place lies = window_place::of(at->data);
    const uint32_t described[] = {lies.piece, lies.offset, static_cast<uint32_t>(at->length), owner(at)};
    std::memcpy(into + count * sizeof described, described, sizeof described);
  }
  return to_js(env, most);
}

/// copyOut(slot, start, target)
napi_value copy_out(napi_env env, napi_callback_info info) {
  const arguments<3> call(env, info);
  environment& here = call.here();
  const opened_unmoved from(here, call.word(0));
  const std::span<std::byte> target = call.bytes(2);
  const size_t copied = from->copy_out(call.size(1), target, here.handles.place(call.word(0)));
  const bool ours = target.data() != nullptr && owner(target.data()) != no_shard;
  here.home().ledger_here().count_copy(ours ? copy_place::copy_to : copy_place::to_buffer, copied);
  return to_js(env, static_cast<double>(copied));
}

/// copyIn(slot, bytes): over the bytes of a chain of one fragment that this shard made
napi_value copy_in(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened into(call.here(), call.word(0));
  const std::span<std::byte> bytes = call.bytes(1);
  ASSERT(into->fragment_count() == 1 && bytes.size() == into->length());
  std::memcpy(into->front()->data, bytes.data(), bytes.size());
  return to_js(env, error_code::none);
}

/// crc32c(slot, seed)
napi_value crc32c_of(napi_env env, napi_callback_info info) {
  const arguments<2> call(env, info);
  const opened_unmoved from(call.here(), call.word(0));
  return to_js(env, from->crc32c(call.word(1)));
}

}  // namespace

void bind_chains(napi_env env, napi_value exports, environment& here) {
  static constexpr bound_function functions[] = {
      {"addBlock", add_block},  {"releaseBlock", release_block}, {"listReleases", list_releases}, {"releaseListed", release_listed}, {"copyIn", copy_in}, {"dmaAlloc", dma_alloc}, {"dmaFill", dma_fill},   {"append", append},     {"fill", fill},
      {"appendChain", append_chain}, {"prepend", prepend},       {"prependChain", prepend_chain}, {"reserve", reserve},
      {"fillHole", fill_hole},   {"coalesce", coalesce},     {"take", take},             {"takeFront", take_front}, {"share", share},
      {"trimFront", trim_front}, {"release", release},           {"fragments", fragments},  {"copyOut", copy_out},
      {"crc32c", crc32c_of},
  };
  bind_functions(env, exports, here, functions);
}

}  // namespace corebuf
