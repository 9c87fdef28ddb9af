// macOS passes by the page cache where F_NOCACHE says so, which can be set and not asked. It needs no alignment, but aligned I/O alone
// is sure to copy nothing.
#include <fcntl.h>

#include "io/alignment.h"

namespace corebuf {

const bool has_direct_io = true;
const int direct_open_flag = 0;

io_alignment probe_alignment(int) { return {alignment_default, alignment_default, "default"}; }

bool accepts_direct(int) { return false; }

bool make_direct(int fd, bool wanted) { return ::fcntl(fd, F_NOCACHE, wanted ? 1 : 0) == 0 && wanted; }

}  // namespace corebuf
