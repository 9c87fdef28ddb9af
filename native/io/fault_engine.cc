#include "io/fault_engine.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "base/bytes.h"
#include "io/alignment.h"

namespace corebuf {
namespace {

constexpr int poison = 0xdb;

/// Operations that the kernel does completely or not at all.
size_t block_of(int fd) { return accepts_direct(fd) ? probe_alignment(fd).offset : 1; }

std::vector<iovec> first_bytes(const io_request& request, size_t bytes) {
  std::vector<iovec> first;
  for (uint32_t index = 0; index < request.vector_count && bytes > 0; ++index) {
    const size_t length = std::min(bytes, request.vectors[index].iov_len);
    if (length > 0) first.push_back({request.vectors[index].iov_base, length});
    bytes -= length;
  }
  return first;
}

void spoil(const io_request& request, size_t from) {
  for (uint32_t index = 0; index < request.vector_count; ++index) {
    const iovec& vector = request.vectors[index];
    const size_t kept = std::min(from, vector.iov_len);
    if (kept < vector.iov_len)
      std::memset(static_cast<char*>(vector.iov_base) + kept, poison, vector.iov_len - kept);
    from -= kept;
  }
}

}  // namespace

/// The request that the inner engine gets instead of the original.
struct fault_engine::shadow : io_request {
  shadow(fault_engine& engine, io_request& asked_request, io_fault injected)
      : io_request(asked_request), outer(engine), asked(asked_request), fault(injected) {
    next = nullptr;
    complete = [](io_request& request) {
      auto& back = static_cast<shadow&>(request);
      back.outer.returned(back);
    };
    if (fault.bytes >= bytes_asked(asked)) fault.shortened = false;
    if (!fault.shortened) return;
    // The last block of a read is read whole, because its first bytes are reported.
    const size_t block = block_of(fd);
    const size_t moved = op == io_op::read ? align_up(fault.bytes, block) : align_down(fault.bytes, block);
    moved_vectors = first_bytes(asked, moved);
    vectors = moved_vectors.data();
    vector_count = static_cast<uint32_t>(moved_vectors.size());
  }

  /// Ends without the kernel.
  bool answered() const { return fault.os_errno != 0 || (fault.shortened && vector_count == 0); }

  int64_t outcome() const {
    if (fault.os_errno != 0) return -fault.os_errno;
    if (!fault.shortened) return result;
    if (vector_count == 0) return static_cast<int64_t>(fault.bytes);
    // The inner engine has moved fewer bytes itself, or as many as the shortened request has.
    const bool whole = result == static_cast<int64_t>(bytes_asked(*this));
    return whole || result > static_cast<int64_t>(fault.bytes) ? static_cast<int64_t>(fault.bytes) : result;
  }

  fault_engine& outer;
  io_request& asked;
  io_fault fault;
  uint32_t reaps_left = 0;
  bool started = false;
  std::vector<iovec> moved_vectors;
};

result<std::unique_ptr<io_engine>> fault_engine::open(io_engine& inner, decision decide) {
  std::unique_ptr<io_engine> engine(new (std::nothrow) fault_engine(inner, std::move(decide)));
  if (engine == nullptr) return error_code::out_of_memory;
  return engine;
}

result<std::unique_ptr<io_engine>> fault_engine::open(std::unique_ptr<io_engine> inner, decision decide) {
  result<std::unique_ptr<io_engine>> engine = open(*inner, std::move(decide));
  if (engine.ok()) static_cast<fault_engine&>(*engine.value()).owned_ = std::move(inner);
  return engine;
}

void fault_engine::submit(io_request& request) {
  accept(request);
  auto* late = new shadow(*this, request, decide_(request));
  if (late->fault.late_start > 0)
    hold(*late, late->fault.late_start);
  else
    go_on(*late);
}

void fault_engine::flush() {
  inner_.flush();
  stats_.submits = inner_.stats().submits;
}

size_t fault_engine::reap(size_t most) {
  ended_ = 0;
  inner_.reap(most);
  const std::vector<shadow*> held = std::exchange(held_, {});
  for (shadow* late : held) {
    if (late->reaps_left > 0)
      hold(*late, late->reaps_left - 1);
    else if (ended_ == most)
      hold(*late, 0);
    else
      go_on(*late);
  }
  if (!held.empty()) inner_.flush();  // some of them begin only now
  return ended_;
}

void fault_engine::drain() {
  while (!idle()) {
    inner_.drain();
    for (shadow* late : std::exchange(held_, {})) go_on(*late);
  }
}

void fault_engine::hold(shadow& late, uint32_t reaps) {
  late.reaps_left = reaps;
  held_.push_back(&late);
  inner_.wake();  // So that the next reap() comes.
}

/// The next step of a request: to the inner engine, or to its end.
void fault_engine::go_on(shadow& late) {
  if (late.started) return end(late);
  late.started = true;
  if (late.answered()) return hold(late, late.fault.late_end);
  inner_.submit(late);
}

void fault_engine::returned(shadow& from_inner) {
  if (from_inner.fault.late_end > 0)
    hold(from_inner, from_inner.fault.late_end);
  else
    end(from_inner);
}

void fault_engine::end(shadow& done) {
  const int64_t outcome = done.outcome();
  if (done.op == io_op::read && done.fault.shortened && outcome >= 0)
    spoil(done.asked, static_cast<size_t>(outcome));
  io_request& request = done.asked;
  delete &done;
  ++ended_;
  finish(request, outcome);
}

}  // namespace corebuf
