// The module: one environment per JavaScript thread that loads it, the functions bound to it, and the numbers that both
// languages must agree on.
#include <napi.h>

#include "buffer/fragment_size.h"
#include "node/chain_binding.h"
#include "node/content_binding.h"
#include "node/environment.h"
#include "node/file_binding.h"
#include "node/message_binding.h"
#include "node/shard_binding.h"
#include "node/stall_binding.h"
#include "node/window_binding.h"
#include "node/wrap_binding.h"
#include "shard/cpu.h"

namespace corebuf {

namespace {

Napi::Object constants(Napi::Env env) {
  const auto set = [&](Napi::Object into, const char* name, size_t value) {
    into[name] = Napi::Number::New(env, static_cast<double>(value));
  };
  Napi::Object all = Napi::Object::New(env);
  set(all, "windowSize", window_size);
  set(all, "pieceOutside", window_place::piece_outside);
  set(all, "exchangeSize", exchange::size);
  set(all, "exchangeBody", exchange::body_offset);
  set(all, "blockSlots", handle_table::block_slots);
  set(all, "slotSize", handle_table::slot_size);
  set(all, "slotLength", offsetof(handle, bytes) + iobuf_layout::length);
  set(all, "slotFragments", offsetof(handle, bytes) + iobuf_layout::fragment_count);
  set(all, "slotSlack", offsetof(handle, bytes) + iobuf_layout::slack);
  set(all, "slotIntact", offsetof(handle, bytes) + iobuf_layout::intact);
  set(all, "slotPending", offsetof(handle, pending));
  set(all, "slotSlackPiece", offsetof(handle, slack) + offsetof(window_place, piece));
  set(all, "slotSlackOffset", offsetof(handle, slack) + offsetof(window_place, offset));
  set(all, "slotFrontPiece", offsetof(handle, front) + offsetof(window_place, piece));
  set(all, "slotFrontOffset", offsetof(handle, front) + offsetof(window_place, offset));
  set(all, "scanStateSize", scan_state_size);
  set(all, "fragmentSizeMax", fragment_size_max);
  set(all, "listedMax", handle_table::listed_max);
  set(all, "parcelsMax", mailbox::parcels_max);
  set(all, "alignmentMax", shard_heap::alignment_max);
  set(all, "slotMax", slot_size_max);
  set(all, "budgetMin", shard_heap::budget_min);
  set(all, "pageSize", page_size);
  set(all, "shardsMax", shards_max);
  set(all, "ioClassesMax", io_classes_max);
  set(all, "ioSharesMax", io_shares_max);
  set(all, "stallThreshold", turn_meter::threshold_us_default);
  return all;
}

Napi::Object load(Napi::Env env, Napi::Object exports) {
  cpus_allowed();  // Asked before any thread of ours is pinned: workers inherit the mask of who starts them.
  auto* here = new environment(env);
  ASSERT(napi_add_env_cleanup_hook(env, [](void* data) { static_cast<environment*>(data)->shut(); }, here) == napi_ok);
  // Freed last of all: finalizers run after the cleanup hooks.
  env.SetInstanceData(here);
  exports["constants"] = constants(env);
  bind_shard(env, exports, *here);
  bind_stalls(env, exports, *here);
  bind_windows(env, exports, *here);
  bind_chains(env, exports, *here);
  bind_wraps(env, exports, *here);
  bind_content(env, exports, *here);
  bind_messages(env, exports, *here);
  bind_files(env, exports, *here);
  return exports;
}

}  // namespace

}  // namespace corebuf

static Napi::Object load_module(Napi::Env env, Napi::Object exports) { return corebuf::load(env, exports); }

NODE_API_MODULE(corebuf, load_module)
