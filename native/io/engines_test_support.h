// For tests: every way to get an io_engine, as the parameter of a suite that all of them must pass.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "io/engine_choice.h"
#include "io/fault_engine.h"
#include "io/io_engine.h"
#include "io/io_scheduler.h"
#include "io/os_engine.h"
#include "io/thread_engine.h"

namespace corebuf::test {

struct engine_maker {
  const char* name;
  bool uring;
  result<std::unique_ptr<io_engine>> (*make)();
};

/// gtest prints the name instead of the bytes.
inline void PrintTo(const engine_maker& maker, std::ostream* out) { *out << maker.name; }

/// A fault engine without faults.
inline result<std::unique_ptr<io_engine>> open_faultless() {
  auto inner = thread_engine::open();
  if (!inner.ok()) return inner.failure();
  return fault_engine::open(std::move(inner.value()), [](const io_request&) { return io_fault{}; });
}

/// A scheduler in front of an engine, as a shard has it.
inline result<std::unique_ptr<io_engine>> scheduled(result<std::unique_ptr<io_engine>> engine) {
  static io_classes classes;
  if (!engine.ok()) return engine;
  return std::unique_ptr<io_engine>(std::make_unique<io_scheduler>(std::move(engine.value()), classes));
}

inline const engine_maker engine_makers[] = {
    {"uring_defer", true, [] { return open_uring(uring_setup::defer); }},
    {"uring_coop", true, [] { return open_uring(uring_setup::coop); }},
    {"uring_plain", true, [] { return open_uring(uring_setup::plain); }},
    {"threads", false, [] { return thread_engine::open(); }},
    {"faultless", false, open_faultless},
    {"scheduled_uring", true, [] { return scheduled(open_uring()); }},
    {"scheduled_threads", false, [] { return scheduled(thread_engine::open()); }},
};

/// Base of the suites. Derive from it, and instantiate with all_engines() and name_of_engine. Skips where
/// io_uring is forbidden.
class engine_suite : public testing::TestWithParam<engine_maker> {
 protected:
  void SetUp() override {
    result<std::unique_ptr<io_engine>> made = GetParam().make();
    if (!made.ok() && GetParam().uring && uring_refusal() != nullptr) {
      GTEST_SKIP() << "no io_uring on this machine: " << uring_refusal();
    }
    ASSERT_TRUE(made.ok()) << made.failure().os_errno;
    engine_ = std::move(made.value());
  }

  void TearDown() override {
    if (engine_ != nullptr) engine_->drain();
  }

  io_engine& engine() { return *engine_; }

 private:
  std::unique_ptr<io_engine> engine_;
};

inline auto all_engines() { return testing::ValuesIn(engine_makers); }
inline std::string name_of_engine(const testing::TestParamInfo<engine_maker>& of) { return of.param.name; }

}  // namespace corebuf::test
