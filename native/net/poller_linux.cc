#include "net/epoll_poller_linux.h"
#include "net/poller.h"
#include "net/portable_poller.h"

namespace corebuf {

const char* poller_here() { return "epoll"; }

result<std::unique_ptr<poller>> open_poller(poller_kind kind) {
  return kind == poller_kind::portable ? portable_poller::open() : epoll_poller::open();
}

}  // namespace corebuf
