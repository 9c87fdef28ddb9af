// For tests: an io_engine that ends requests only when the test says so, and records the order in which it
// got them.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "base/intrusive_list.h"
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
  void wake() override {}
  const char* name() const override { return "slow"; }

  /// Ends the `count` requests that it got first, or last; the next reap() reports them.
  void complete(size_t count) {
    for (; count > 0 && !at_work.empty(); --count) end(at_work.begin());
  }
  void complete_last(size_t count) {
    for (; count > 0 && !at_work.empty(); --count) end(at_work.end() - 1);
  }

  std::deque<io_request*> at_work;
  std::vector<io_request*> order;  // all requests that were ever submitted

 private:
  void end(std::deque<io_request*>::iterator ended) {
    (*ended)->result = 1;
    over_.push_back(*ended);
    at_work.erase(ended);
  }

  intrusive_list<io_request> waiting_;
  intrusive_list<io_request> over_;
};

}  // namespace corebuf::test
