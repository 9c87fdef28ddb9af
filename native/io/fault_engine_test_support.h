// For tests: an io_engine in front of another one that makes requests fail or stop short, as a plan says.
// Bytes that a shortened request did not report are really moved, but wrong: who counts on them is found out.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "io/io_engine.h"
#include "io/scratch_file_test_support.h"

namespace corebuf::test {

struct io_fault {
  enum { none, shorten, fail } kind = none;
  size_t bytes = 0;  // shorten: what is reported at most
  int os_errno = 0;  // fail

  static io_fault short_after(size_t bytes) { return {shorten, bytes, 0}; }
  static io_fault error(int os_errno) { return {fail, 0, os_errno}; }
};

inline size_t bytes_of(const io_request& request) {
  size_t bytes = 0;
  for (uint32_t index = 0; index < request.vector_count; ++index) bytes += request.vectors[index].iov_len;
  return bytes;
}

class fault_engine final : public io_engine {
 public:
  using plan = std::function<io_fault(const io_request&)>;

  fault_engine(io_engine& inner, plan decide) : inner_(inner), decide_(std::move(decide)) {}

  void submit(io_request& request) override {
    accept(request);
    auto* stand_in = new shadow(*this, request, decide_(request));
    inner_.submit(*stand_in);
  }
  void flush() override { inner_.flush(); }
  size_t reap(size_t most) override { return inner_.reap(most); }
  void drain() override { inner_.drain(); }
  int wake_fd() const override { return inner_.wake_fd(); }
  const char* name() const override { return inner_.name(); }

 private:
  static constexpr char poison = '\xdb';

  /// What the inner engine sees instead of the request.
  struct shadow : io_request {
    shadow(fault_engine& engine, io_request& asked_request, io_fault injected)
        : io_request(asked_request), outer(engine), asked(asked_request), fault(injected) {
      complete = [](io_request& request) { static_cast<shadow&>(request).done(); };
      if (fault.kind == io_fault::shorten && fault.bytes >= bytes_of(asked)) fault = {};
      if (fault.kind == io_fault::none) return;
      const size_t moved = std::min(align_up(fault.bytes, block), bytes_of(asked));
      bounce = std::make_unique<block_memory>(std::max(moved, size_t{1}), poison);
      if (op == io_op::write) copy(true, fault.bytes);
      window = bounce->vector(0, fault.kind == io_fault::fail ? 0 : moved);
      vectors = &window;
      vector_count = 1;
    }

    /// The first bytes between the bounce buffer and what was asked for.
    void copy(bool gather, size_t left) {
      char* at = bounce->data();
      for (uint32_t index = 0; index < asked.vector_count; ++index) {
        const size_t length = std::min(left, asked.vectors[index].iov_len);
        void* theirs = asked.vectors[index].iov_base;
        if (length > 0) std::memcpy(gather ? at : theirs, gather ? theirs : at, length);
        at += length;
        left -= length;
      }
    }

    void done() {
      int64_t outcome = result;
      if (fault.kind == io_fault::fail) outcome = -fault.os_errno;
      if (fault.kind == io_fault::shorten && outcome >= 0) {
        outcome = std::min(outcome, static_cast<int64_t>(fault.bytes));
        const size_t told = static_cast<size_t>(outcome);
        std::memset(bounce->data() + told, poison, bounce->size() - told);
        if (op == io_op::read) copy(false, window.iov_len);
      }
      fault_engine& engine = outer;
      io_request& request = asked;
      delete this;
      engine.finish(request, outcome);
    }

    fault_engine& outer;
    io_request& asked;
    io_fault fault;
    std::unique_ptr<block_memory> bounce;
    iovec window{};
  };

  io_engine& inner_;
  plan decide_;
};

}  // namespace corebuf::test
