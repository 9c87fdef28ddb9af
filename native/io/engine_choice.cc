#include "io/engine_choice.h"

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "io/os_engine.h"
#include "io/thread_engine.h"

namespace corebuf {
namespace {

result<std::unique_ptr<io_engine>> open_best() {
  result<std::unique_ptr<io_engine>> engine = open_uring();
  if (engine.ok()) return engine;
  // A temporary failure must not decide for the life of the shard.
  const int os_errno = engine.failure().os_errno;
  return os_errno == EMFILE || os_errno == ENFILE ? std::move(engine) : thread_engine::open();
}

int probe_uring() {
  const result<std::unique_ptr<io_engine>> engine = open_uring();
  return engine.ok() ? 0 : engine.failure().os_errno;
}

}  // namespace

result<std::unique_ptr<io_engine>> open_engine(engine_kind kind) {
  if (kind == engine_kind::automatic) {
    const result<engine_kind> wanted = engine_kind_of(std::getenv("COREBUF_ENGINE"));
    if (!wanted.ok()) return wanted.failure();
    kind = wanted.value();
  }
  switch (kind) {
    case engine_kind::io_uring:
      return open_uring();
    case engine_kind::threads:
      return thread_engine::open();
    case engine_kind::automatic:
      break;
  }
  return open_best();
}

result<engine_kind> engine_kind_of(const char* text) {
  const std::string_view word = text == nullptr ? "" : text;
  if (word.empty() || word == "automatic") return engine_kind::automatic;
  if (word == "io_uring") return engine_kind::io_uring;
  if (word == "threads") return engine_kind::threads;
  return error::from_errno(EINVAL);
}

const char* engine_here() {
  const result<engine_kind> wanted = engine_kind_of(std::getenv("COREBUF_ENGINE"));
  const bool threads = wanted.ok() && wanted.value() == engine_kind::threads;
  return !threads && uring_refusal() == nullptr ? "io_uring" : "threads";
}

const char* uring_refusal() {
  static const int os_errno = probe_uring();
  return describe_uring_refusal(os_errno);
}

const char* describe_uring_refusal(int os_errno) {
  switch (os_errno) {
    case 0:
      return nullptr;
    case ENOSYS:
      return "ENOSYS: this kernel has no io_uring, or a sandbox hides it";
    case EPERM:
    case EACCES:
      return "EPERM: forbidden by a container's seccomp profile or by kernel.io_uring_disabled";
    case ENOMEM:
      return "ENOMEM: not enough locked memory allowed (ulimit -l)";
    case EOPNOTSUPP:
      return "EOPNOTSUPP: only Linux has io_uring, and this binary was built without what is Linux's alone";
    case EMFILE:
    case ENFILE:
      return "EMFILE: no file descriptors left";
    default:
      return "refused by the kernel";
  }
}

}  // namespace corebuf
