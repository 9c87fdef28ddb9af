// For tests: an io_engine in front of another one, in which requests fail, move fewer bytes, begin late and
// end late, as a function decides. Bytes that a shortened write does not report are not on the disk, and the
// memory behind the bytes that a shortened read reports is overwritten, so that code which relies on either
// is found.
//
//   submit ──▶ held_ (late start) ──▶ inner ──▶ held_ (late end) ──reap──▶ complete
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "io/fault_plan.h"
#include "io/io_engine.h"

namespace corebuf {

class fault_engine final : public io_engine {
 public:
  using decision = std::function<io_fault(const io_request&)>;

  /// `inner` still belongs to the caller and lives longer.
  static result<std::unique_ptr<io_engine>> open(io_engine& inner, decision decide);
  static result<std::unique_ptr<io_engine>> open(std::unique_ptr<io_engine> inner, decision decide);

  void submit(io_request& request) override;
  void flush() override;
  size_t reap(size_t most) override;
  /// Ends requests that are held back without waiting for their delay.
  void drain() override;
  int wake_fd() const override { return inner_.wake_fd(); }
  void wake() override { inner_.wake(); }
  const char* name() const override { return inner_.name(); }

 private:
  struct shadow;

  fault_engine(io_engine& inner, decision decide) : inner_(inner), decide_(std::move(decide)) {}

  void hold(shadow& late, uint32_t reaps);
  void go_on(shadow& late);
  void returned(shadow& from_inner);
  void end(shadow& done);

  std::unique_ptr<io_engine> owned_;  // null when the inner engine is borrowed
  io_engine& inner_;
  decision decide_;
  std::vector<shadow*> held_;
  size_t ended_ = 0;
};

}  // namespace corebuf
