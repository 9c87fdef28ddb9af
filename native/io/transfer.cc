#include "io/transfer.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "io/file_status.h"

namespace corebuf {

void transfer::start(io_engine& engine) {
  ASSERT(op == io_op::read || op == io_op::write);
  if (dsync) ASSERT(op == io_op::write);
  ASSERT(complete != nullptr);
  ASSERT(is_power_of_two(alignment));
  ASSERT(alignment <= transfer_step_max);
  ASSERT(is_aligned(offset, alignment));
  engine_ = &engine;
  position_ = reached_ = end_ = offset;
  for (const iovec& vector : vectors) {
    ASSERT(vector.iov_len <= INT64_MAX - end_);
    end_ += vector.iov_len;
  }
  stalls_ = 0;
  step_.resumes = false;
  skip(0);
  submit_step();
}

void transfer::submit_step() {
  asked_ = choose_vectors();
  step_.op = op;
  step_.dsync = dsync;
  step_.work = work;
  step_.device = device;
  // Durable pieces would each wait for the disk's cache.
  step_.divisible = dsync ? 0 : static_cast<uint32_t>(alignment);
  step_.fd = fd;
  step_.offset = position_;
  step_.owner = this;
  step_.complete = [](io_request& request) {
    static_cast<step&>(request).owner->step_done(request.result);
  };
  engine_->submit(step_);
}

/// Points the request at as many of the first vectors as one request may have, and shortens the last of them
/// if necessary. Returns their bytes: a multiple of the alignment, unless they are all that is left.
size_t transfer::choose_vectors() {
  if (position_ == end_) {  // nothing to move, but the kernel still checks the descriptor
    step_.vectors = &nothing_;
    step_.vector_count = 1;
    cut_ = 0;
    return 0;
  }
  uint32_t count = 0;
  size_t bytes = 0;
  while (count < vectors.size() && count < io_vectors_max && bytes < transfer_step_max) {
    bytes += vectors[count++].iov_len;
  }
  size_t asked = std::min(bytes, transfer_step_max);
  // When as many vectors as allowed hold no whole block, the kernel refuses the request.
  if (position_ + asked < end_ && asked >= alignment) asked = align_down(asked, alignment);

  cut_ = bytes - asked;
  while (cut_ >= vectors[count - 1].iov_len) cut_ -= vectors[--count].iov_len;
  vectors[count - 1].iov_len -= cut_;
  step_.vectors = vectors.data();
  step_.vector_count = count;
  return asked;
}

void transfer::step_done(int64_t moved) {
  if (cut_ > 0) vectors[step_.vector_count - 1].iov_len += cut_;
  if (moved == -EINTR || moved == -EAGAIN) return stall(static_cast<int>(-moved));
  if (moved < 0) return finish(moved);

  ASSERT(static_cast<size_t>(moved) <= asked_);
  const uint64_t reached = position_ + static_cast<uint64_t>(moved);
  const bool advanced = reached > reached_;
  reached_ = std::max(reached_, reached);
  const bool ended = op == io_op::read && (moved == 0 || file_ends_at(reached));
  if (reached_ == end_ || ended) return finish(static_cast<int64_t>(reached_ - offset));

  resume(reached);
  if (!advanced) return stall(EIO);
  stalls_ = 0;
  submit_step();
}

/// Direct I/O cannot continue inside a block, where a short read or write may have stopped: the bytes since
/// the beginning of the block are moved again. (Without this: scylladb/seastar#3666.)
void transfer::resume(uint64_t reached) {
  const uint64_t next = align_down(reached, alignment);
  skip(static_cast<size_t>(next - position_));
  position_ = next;
}

/// Removes the first bytes of `vectors`, and empty vectors before the next byte.
void transfer::skip(size_t bytes) {
  size_t whole = 0;
  while (whole < vectors.size() && bytes >= vectors[whole].iov_len) bytes -= vectors[whole++].iov_len;
  vectors = vectors.subspan(whole);
  if (bytes == 0) return;
  vectors[0].iov_base = static_cast<char*>(vectors[0].iov_base) + bytes;
  vectors[0].iov_len -= bytes;
}

void transfer::stall(int os_errno) {
  if (++stalls_ >= transfer_stalls_max) return finish(-os_errno);
  submit_step();
}

/// A read at the end of a file gives 0 bytes. But when the file ends inside a block, the transfer would read
/// the bytes of that block again for ever, so it asks for the size there. That touches no disk.
bool transfer::file_ends_at(uint64_t position) const {
  if (is_aligned(position, alignment)) return false;
  const corebuf::result<file_status> status = status_of(fd);
  return status.ok() && S_ISREG(status.value().mode) && position >= status.value().size;
}

void transfer::finish(int64_t outcome) {
  result = outcome;
  complete(*this);  // last, because it may free the transfer
}

}  // namespace corebuf
