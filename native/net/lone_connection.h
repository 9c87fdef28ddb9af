// Which socket is ready alone, time and again: then it is worth to be watched without the poller.
#pragma once

#include <cstdint>
#include <span>

#include "net/poller.h"

namespace corebuf {

class lone_connection {
 public:
  /// Polls in a row that must have found nothing but it. To watch a socket directly costs about as much as 3 polls through the poller.
  static constexpr uint32_t sure_after = 32;

  /// What a poll has found.
  void polled(std::span<const readiness> ready) {
    const bool alone = ready.size() == 1 && ready[0].readable && !ready[0].writable && !ready[0].broken;
    if (!alone || ready[0].tag != tag_) polls_ = 0;
    if (alone) tag_ = ready[0].tag, ++polls_;
  }
  /// A socket that is not in the poller was ready.
  void another() { polls_ = 0; }

  bool sure() const { return polls_ >= sure_after; }
  /// As the poller reports it; a listener may be one.
  uint64_t tag() const { return tag_; }

 private:
  uint64_t tag_ = 0;
  uint32_t polls_ = 0;
};

}  // namespace corebuf
