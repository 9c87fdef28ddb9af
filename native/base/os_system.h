// The operating system that this binary was built for. Files that differ between systems end in _linux, _posix or _darwin, and the
// build takes those of one system: _linux; or _posix; or _darwin and the _posix files that have no such sibling.
#pragma once

namespace corebuf {

/// "linux", "posix" or "darwin".
const char* os_system();

}  // namespace corebuf
