// For tests: a disk with a known speed and an injected clock, which one or several shards use through engines
// of their own. It serves one request after the other, in the order of their arrival; each takes a fixed
// time, plus the time that its bytes take at the bandwidth.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/intrusive_list.h"
#include "io/io_engine.h"

namespace corebuf::test {

struct simulated_disk {
  uint64_t bytes_per_us = 1000;
  uint64_t request_us = 10;
  uint64_t now_us = 1'000'000;
  uint64_t busy_until_us = 0;

  /// The time at which a request that arrives now ends.
  uint64_t admit(uint64_t bytes) {
    busy_until_us = std::max(busy_until_us, now_us) + request_us + bytes / bytes_per_us;
    return busy_until_us;
  }
};

class simulated_engine final : public io_engine {
 public:
  explicit simulated_engine(simulated_disk& disk) : disk_(disk) {}

  void submit(io_request& request) override {
    accept(request);
    waiting_.push_back(&request);
  }
  void flush() override {
    while (io_request* request = waiting_.pop_front()) {
      const uint64_t bytes = bytes_asked(*request);
      sizes.push_back(bytes);
      request->result = static_cast<int64_t>(bytes);
      at_work_.push_back({request, disk_.admit(bytes)});
    }
  }
  size_t reap(size_t most) override {
    size_t done = 0;
    for (; done < most && !at_work_.empty() && at_work_.front().ends_us <= disk_.now_us; ++done) {
      io_request& request = *at_work_.front().request;
      at_work_.pop_front();
      finish(request, request.result);
    }
    return done;
  }
  void drain() override {
    while (!idle()) {
      flush();
      if (!at_work_.empty()) disk_.now_us = std::max(disk_.now_us, at_work_.front().ends_us);
      reap(SIZE_MAX);
    }
  }
  int wake_fd() const override { return -1; }
  void wake() override {}
  const char* name() const override { return "simulated"; }

  /// The time at which the next request ends; never when there is none.
  uint64_t next_us() const { return at_work_.empty() ? UINT64_MAX : at_work_.front().ends_us; }

  std::vector<uint64_t> sizes;  // sizes of all requests that reached the disk

 private:
  struct at_work {
    io_request* request;
    uint64_t ends_us;
  };
  simulated_disk& disk_;
  intrusive_list<io_request> waiting_;
  std::deque<at_work> at_work_;
};

}  // namespace corebuf::test
