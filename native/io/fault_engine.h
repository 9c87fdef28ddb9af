// For tests: an io_engine in front of another one, in which requests fail, stop short, begin late and end late, as
// somebody decides. What a shortened write did not report is not on the disk, and memory behind what a shortened
// read reported is spoiled: who counts on either is found out.
//
//   submit ──▶ held_ (late start) ──▶ inner ──▶ held_ (late end) ──reap──▶ complete
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "io/fault_plan.h"
#include "io/io_engine.h"
#include "io/unique_fd.h"
#include "io/wake_event.h"

namespace corebuf {

class fault_engine final : public io_engine {
 public:
  using decision = std::function<io_fault(const io_request&)>;

  /// `inner` is borrowed.
  static result<std::unique_ptr<io_engine>> open(io_engine& inner, decision decide);
  static result<std::unique_ptr<io_engine>> open(std::unique_ptr<io_engine> inner, decision decide);

  void submit(io_request& request) override;
  void flush() override;
  size_t reap(size_t most) override;
  /// Does not wait for anything that is late.
  void drain() override;
  int wake_fd() const override { return wakes_.get(); }
  const char* name() const override { return inner_.name(); }

 private:
  struct shadow;

  fault_engine(io_engine& inner, decision decide, wake_event wake, unique_fd wakes)
      : inner_(inner), decide_(std::move(decide)), wake_(std::move(wake)), wakes_(std::move(wakes)) {}

  void hold(shadow& late, uint32_t reaps);
  void go_on(shadow& late);
  void returned(shadow& from_inner);
  void end(shadow& done);

  std::unique_ptr<io_engine> owned_;  // or nothing
  io_engine& inner_;
  decision decide_;
  wake_event wake_;  // something is held
  unique_fd wakes_;  // an epoll of wake_ and the inner engine's
  std::vector<shadow*> held_;
  size_t ended_ = 0;
};

}  // namespace corebuf
