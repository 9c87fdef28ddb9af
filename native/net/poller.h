// The contract between a shard and the kernel about many sockets: which of them can be read or written now. One poller belongs
// to one shard, and only that thread calls it. Two implementations pass one test suite: epoll_poller, portable_poller.
//
// Readiness is level-triggered: it is reported by every poll() for as long as it lasts and somebody is interested. So a socket
// that is not read to its end is heard of again without any bookkeeping, whatever made the read stop (a bound, urgent data,
// descriptors that travelled along). Edges would save the kernel a look at each active socket, which measured as nothing
// (echo of 100 bytes, 1, 16 and 256 TCP and Unix connections, one poller inside another: within the noise of 2 %).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"

namespace corebuf {

/// What the owner of a socket waits for, as bits. Errors and hang-ups are reported in any case.
using interest = uint8_t;
inline constexpr interest wants_nothing = 0;
inline constexpr interest wants_read = 1;
inline constexpr interest wants_write = 2;

/// One socket that is ready for something. `broken` is an error, or the end of both directions.
struct readiness {
  uint64_t tag = 0;
  bool readable = false;
  bool writable = false;
  bool broken = false;
};

class poller {
 public:
  poller() = default;
  virtual ~poller() = default;
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// Reports of `fd` carry `tag`. 0, or an errno (ENOSPC, ENOMEM) with which nothing has changed.
  [[nodiscard]] virtual int watch(int fd, uint64_t tag, interest wanted) = 0;
  /// `fd` is watched.
  virtual void change(int fd, uint64_t tag, interest wanted) = 0;
  /// `fd` is watched, and still open. No later poll() reports it.
  virtual void forget(int fd) = 0;
  /// Returns once the kernel no longer holds what was forgotten for this poller's sake: a socket that is closed now is gone at once.
  /// Without it a poller with a thread may keep such a socket open for a moment longer, and a listener would still be reached.
  virtual void let_go() = 0;

  /// Fills the front of `into` with sockets that are ready, each at most once, and returns how many; never blocks. Where more
  /// are ready than fit, later calls report the others first.
  virtual size_t poll(std::span<readiness> into) = 0;

  /// A descriptor that polls readable while poll() has something to report. Where nothing is ready it may be readable once.
  virtual int wake_fd() const = 0;

  virtual const char* name() const = 0;  // "epoll" or "poll"
};

enum class poller_kind : uint8_t { automatic, epoll, portable };

/// Name of the poller that shards have here: the automatic one.
const char* poller_here();

/// automatic: epoll on Linux, else portable. The kernel's errno when it refuses (EMFILE), EAGAIN when there is no thread for the
/// portable one, EOPNOTSUPP for epoll in a binary for another system.
result<std::unique_ptr<poller>> open_poller(poller_kind kind);

}  // namespace corebuf
