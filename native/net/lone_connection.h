// Which connection is likely to be the only one that is ready: the one that alone was reported in the last polls. It is read without asking
// the poller, which saves one of the four system calls of a question and its answer. A guess that was wrong costs one more, and ends it.
#pragma once

#include <cstdint>
#include <span>

#include "net/poller.h"

namespace corebuf {

class lone_connection {
 public:
  /// Polls in a row that must have found nothing but it.
  static constexpr uint32_t sure_after = 8;
  /// Others that become ready are heard of after so many turns at the latest.
  static constexpr uint32_t turns_per_poll = 4;

  /// What a poll has found.
  void polled(std::span<const readiness> ready) {
    const bool alone = ready.size() == 1 && ready[0].readable && !ready[0].writable && !ready[0].broken;
    if (!alone || ready[0].tag != tag_) turns_ = 0;
    if (alone) tag_ = ready[0].tag, ++turns_;
  }

  bool likely() const { return turns_ >= sure_after && turns_ % turns_per_poll != 0; }
  /// As the poller reports it; a listener may be one.
  uint64_t tag() const { return tag_; }

  /// There was, or was not, something to read.
  void was(bool right) { turns_ = right ? turns_ + 1 : 0; }

 private:
  uint64_t tag_ = 0;
  uint32_t turns_ = 0;
};

}  // namespace corebuf
