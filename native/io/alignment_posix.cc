// POSIX has no I/O past the page cache.
#include "io/alignment.h"

namespace corebuf {

const bool has_direct_io = false;
const int direct_open_flag = 0;

io_alignment probe_alignment(int) { return {alignment_default, alignment_default, "default"}; }

bool accepts_direct(int) { return false; }

bool make_direct(int, bool) { return false; }

}  // namespace corebuf
