// For tests: an io_engine that does nothing until it is told, and says in which order it was asked.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "base/chain.h"
#include "io/io_engine.h"

namespace corebuf::test {

class slow_engine final : public io_engine {
 public:
  void submit(io_request& request) override {
    accept(request);
    waiting_.push_back(&request);
  }
  void flush() override {
    if (!waiting_.empty()) ++stats_.submits;
    while (io_request* request = waiting_.pop_front()) {
      at_work.push_back(request);
      order.push_back(request);
    }
  }
  size_t reap(size_t most) override {
    size_t done = 0;
    for (; done < most && !over_.empty(); ++done) {
      io_request& request = *over_.pop_front();
      finish(request, request.result);
    }
    return done;
  }
  void drain() override {
    while (!idle()) {
      flush();
      complete(at_work.size());
      reap(SIZE_MAX);
    }
  }
  int wake_fd() const override { return -1; }
  const char* name() const override { return "slow"; }

  /// The first `count` that are at work are over, or the last; the next reap() says so.
  void complete(size_t count) {
    for (; count > 0 && !at_work.empty(); --count) end(at_work.begin());
  }
  void complete_last(size_t count) {
    for (; count > 0 && !at_work.empty(); --count) end(at_work.end() - 1);
  }

  std::deque<io_request*> at_work;
  std::vector<io_request*> order;  // of all that were ever handed over

 private:
  void end(std::deque<io_request*>::iterator ended) {
    (*ended)->result = 1;
    over_.push_back(*ended);
    at_work.erase(ended);
  }

  chain<io_request> waiting_;
  chain<io_request> over_;
};

}  // namespace corebuf::test
