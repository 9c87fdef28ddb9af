// The chain of a slot during one call, for the bindings that work on chains.
#pragma once

#include "node/environment.h"
#include "node/handle_table.h"

namespace corebuf {

/// What was released before comes back first: its memory is the warmest there is.
struct opened : open_handle {
  opened(environment& here, size_t slot)
      : open_handle(here.home(), (here.handles.release_listed(here.home()), here.handles[slot])) {}
};

/// For calls that only look, or that put something behind the end.
struct opened_unmoved : open_handle {
  opened_unmoved(environment& here, size_t slot)
      : open_handle(here.home(), (here.handles.release_listed(here.home()), here.handles.unmoved(slot))) {}
};

}  // namespace corebuf
