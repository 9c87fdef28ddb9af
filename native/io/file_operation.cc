#include "io/file_operation.h"

#include <algorithm>
#include <cerrno>
#include <new>

#include "buffer/fragment_size.h"
#include "io/os_file.h"

namespace corebuf {

namespace {

bool fragments_aligned(const iobuf& data, size_t alignment) {
  for (const fragment* at = data.front(); at != nullptr; at = iobuf::next(at)) {
    if (!is_aligned(address_of(at->data), alignment) || !is_aligned(at->length, alignment)) return false;
  }
  return true;
}

void collect_vectors(const iobuf& data, std::span<iovec> into) {
  size_t filled = 0;
  for (const fragment* at = data.front(); at != nullptr; at = iobuf::next(at)) into[filled++] = {at->data, at->length};
}

/// A chain of aligned buffers for `bytes`, each at most as large as a fragment may be.
bool append_aligned_room(shard& home, size_t bytes, size_t alignment, iobuf& into) {
  while (bytes > 0) {
    const size_t size = std::min(bytes, fragment_size_max);
    buffer* room = buffer::make(home, size, alignment);
    if (room == nullptr) return false;
    if (!into.append_reference(home, *room)) {
      room->destroy(home);
      return false;
    }
    bytes -= size;
  }
  return true;
}

}  // namespace

file_operation* file_operation::make(shard& home, const dma_file& file, io_op op, size_t vectors) {
  void* memory = home.heap().allocate_record(sizeof(file_operation) + vectors * sizeof(iovec));
  if (memory == nullptr) return nullptr;
  auto* made = new (memory) file_operation(home, file, op);
  made->vector_count_ = vectors;
  return made;
}

result<file_operation*> file_operation::read(shard& home, const dma_file& file, uint64_t position, size_t length) {
  const size_t block = file.alignment().offset;
  const uint64_t first = align_down(position, block);
  const size_t bytes = align_up(position + length, block) - first;
  if (bytes > home.heap().budget()) return error_code::out_of_memory;
  file_operation* made = make(home, file, io_op::read, (bytes + fragment_size_max - 1) / fragment_size_max);
  if (made == nullptr) return error_code::out_of_memory;
  made->position_ = position;
  made->length_ = length;
  made->first_block_ = first;
  made->transfer_.alignment = std::max(file.alignment().memory, file.alignment().offset);
  if (!append_aligned_room(home, bytes, file.alignment().memory, made->data_)) {
    made->end();
    return error_code::out_of_memory;
  }
  return made;
}

result<file_operation*> file_operation::write(shard& home, const dma_file& file, uint64_t position, iobuf& data,
                                              bool durable) {
  const io_alignment& alignment = file.alignment();
  const bool aligned = is_aligned(position, alignment.offset) && is_aligned(data.length(), alignment.offset);
  if (!aligned || !fragments_aligned(data, alignment.memory)) return error_code::misaligned;
  file_operation* made = make(home, file, io_op::write, data.fragment_count());
  if (made == nullptr) return error_code::out_of_memory;
  made->position_ = made->first_block_ = position;
  made->length_ = data.length();
  made->durable_ = durable;
  made->transfer_.alignment = std::max(alignment.memory, alignment.offset);
  if (!data.share(home, 0, data.length(), made->data_)) {
    made->end();
    return error_code::out_of_memory;
  }
  return made;
}

result<file_operation*> file_operation::flush(shard& home, const dma_file& file, io_op op) {
  file_operation* made = make(home, file, op, 0);
  if (made == nullptr) return error_code::out_of_memory;
  return made;
}

result<file_operation*> file_operation::space(shard& home, const dma_file& file, io_op op, uint64_t position,
                                              size_t length) {
  file_operation* made = make(home, file, op, 0);
  if (made == nullptr) return error_code::out_of_memory;
  made->position_ = position;
  made->length_ = length;
  return made;
}

void file_operation::start(io_engine& engine, completion done, void* context) {
  engine_ = &engine;
  done_ = done;
  context_ = context;
  if (op_ == io_op::read || op_ == io_op::write) return transfer_all(durable_ && os_file::has_durable_writes);
  request(op_);
}

void file_operation::transfer_all(bool dsync) {
  collect_vectors(data_, vectors());
  transfer_.op = op_;
  transfer_.dsync = dsync;
  transfer_.work = work;
  transfer_.device = device_;
  transfer_.fd = fd_;
  transfer_.offset = first_block_;
  transfer_.vectors = vectors();
  transfer_.owner = this;
  transfer_.complete = [](transfer& moved) {
    static_cast<owned_transfer&>(moved).owner->transferred(moved.result);
  };
  transfer_.start(*engine_);
}

void file_operation::request(io_op op) {
  request_.op = op;
  request_.work = work;
  request_.fd = fd_;
  request_.offset = position_;
  request_.length = length_;
  request_.owner = this;
  request_.complete = [](io_request& made) { static_cast<owned_request&>(made).owner->answered(made.result); };
  engine_->submit(request_);
}

void file_operation::transferred(int64_t bytes) {
  if (transfer_.dsync && bytes == -EOPNOTSUPP) return transfer_all(false);  // again, then a sync
  if (durable_ && !transfer_.dsync && bytes >= 0) return request(io_op::datasync);
  if (op_ == io_op::write || bytes < 0) return finish(bytes);
  // The file may end inside the range, or before it.
  const size_t before = position_ - first_block_;
  const size_t got = static_cast<size_t>(bytes);
  const size_t wanted = got <= before ? 0 : std::min(got - before, length_);
  data_.trim_back(home_, data_.length() - std::min(before + wanted, data_.length()));
  data_.trim_front(home_, std::min(before, data_.length()));
  finish(static_cast<int64_t>(wanted));
}

/// Changes of space are repeated after EINTR and EAGAIN, because they have the same effect twice. Syncs are
/// not: the second one could succeed without the bytes that the first one was for.
void file_operation::answered(int64_t outcome) {
  const bool syncs = request_.op == io_op::datasync || request_.op == io_op::sync;
  const bool passes = outcome == -EINTR || outcome == -EAGAIN;
  if (passes && !syncs && ++request_.stalls < transfer_stalls_max) return engine_->submit(request_);
  finish(op_ == io_op::write && outcome >= 0 ? transfer_.result : outcome);
}

void file_operation::finish(int64_t outcome) {
  result_ = outcome;
  done_(*this);
}

void file_operation::end() {
  data_.release(home_);
  shard& home = home_;
  this->~file_operation();
  home.heap().free(this);
}

}  // namespace corebuf
