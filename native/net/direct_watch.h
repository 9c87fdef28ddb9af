// What watches one socket of an engine beside its poller: the event loop of the thread itself. It sleeps with the poller's descriptor
// among those that it watches, so a socket of the poller wakes it through two sets, and one that it watches itself through one.
#pragma once

namespace corebuf {

class direct_watch {
 public:
  /// From now on the loop ends its sleep while `fd` is readable or broken. False when memory is short. One descriptor at a time.
  virtual bool begin(int fd) = 0;
  /// No longer; the descriptor is still open.
  virtual void end() = 0;

 protected:
  ~direct_watch() = default;
};

}  // namespace corebuf
