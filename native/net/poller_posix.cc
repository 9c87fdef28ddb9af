#include <cerrno>

#include "net/poller.h"
#include "net/portable_poller.h"

namespace corebuf {

const char* poller_here() { return "poll"; }

result<std::unique_ptr<poller>> open_poller(poller_kind kind) {
  if (kind == poller_kind::epoll) return error::from_errno(EOPNOTSUPP);
  return portable_poller::open();
}

}  // namespace corebuf
