// The chain of a handle slot during one call from JavaScript. Chains that JavaScript has released come back first, because their
// memory is the warmest there is.
#pragma once

#include "node/environment.h"
#include "turn/handle_table.h"

namespace corebuf {

// Why a call on chains is refused.
inline constexpr const char* same_slot = "both chains are in one handle slot";
inline constexpr const char* past_the_end = "the range is past the end of the chain";
inline constexpr const char* not_empty = "the chain is not empty";

/// For calls that may change any fragment.
struct opened_to_change : open_handle {
  opened_to_change(environment& here, size_t slot)
      : open_handle(here.home(), (here.turn.handles.release_listed(here.home()), here.turn.handles.to_change(slot))) {}
};

/// Only for calls that read, or that put something behind the last byte (handle_table::to_read_or_append).
struct opened_to_read_or_append : open_handle {
  opened_to_read_or_append(environment& here, size_t slot)
      : open_handle(here.home(), (here.turn.handles.release_listed(here.home()), here.turn.handles.to_read_or_append(slot))) {}
};

}  // namespace corebuf
