// One read, write, sync or change of space of a file, with the memory it needs. Whatever the caller does
// meanwhile, the bytes live until the kernel is done: a read owns its buffers, a write holds references to
// the data. It lies in the memory of its home, whose thread starts it, is told of its end, and ends it.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>

#include "base/result.h"
#include "buffer/iobuf.h"
#include "io/dma_file.h"
#include "io/io_engine.h"
#include "io/transfer.h"
#include "shard/shard.h"

namespace corebuf {

class file_operation {
 public:
  using completion = void (*)(file_operation& done);

  /// Reads any range: reads whole blocks into aligned memory; afterwards data() is the part of the range that
  /// the file has.
  static result<file_operation*> read(shard& home, const dma_file& file, uint64_t position, size_t length);

  /// Writes all of `data`, which is shared and not copied. misaligned when the file is direct and the
  /// position, or the address or length of a fragment, is not aligned. A durable write ends when its bytes
  /// would survive a crash; this says nothing about earlier writes.
  static result<file_operation*> write(shard& home, const dma_file& file, uint64_t position, iobuf& data,
                                       bool durable = false);

  /// `op` is datasync or sync.
  static result<file_operation*> flush(shard& home, const dma_file& file, io_op op);

  /// `op` is allocate or punch.
  static result<file_operation*> space(shard& home, const dma_file& file, io_op op, uint64_t position, size_t length);

  /// `done` is called once, from a later reap() of `engine`.
  void start(io_engine& engine, completion done, void* context);

  /// Releases what data() still holds, and frees the operation. Never while the kernel works on it.
  void end();

  shard& home() const { return home_; }
  void* context() const { return context_; }
  int64_t result_or_errno() const { return result_; }  // bytes, or -errno
  iobuf& data() { return data_; }
  io_op op() const { return op_; }

  file_operation* next = nullptr;  // link of the lists of the caller
  uint32_t number = 0;             // for the caller
  uint32_t file = 0;               // for the caller
  uint8_t work = 0;                // the number of its io_class; set before start()

 private:
  file_operation(shard& home, const dma_file& file, io_op op) : home_(home), op_(op), fd_(file.fd()), device_(&file.device()) {}
  static file_operation* make(shard& home, const dma_file& file, io_op op, size_t vectors);

  std::span<iovec> vectors() { return {reinterpret_cast<iovec*>(this + 1), vector_count_}; }
  void transfer_all(bool dsync);
  void request(io_op op);
  void transferred(int64_t bytes);
  void answered(int64_t outcome);
  void finish(int64_t outcome);

  struct owned_transfer : transfer {
    file_operation* owner = nullptr;
  };
  struct owned_request : io_request {
    file_operation* owner = nullptr;
    uint32_t stalls = 0;
  };

  shard& home_;
  const io_op op_;
  const int fd_;
  io_device* const device_;
  bool durable_ = false;
  size_t vector_count_ = 0;
  uint64_t position_ = 0;   // of the first byte of the range
  size_t length_ = 0;       // bytes of the range
  uint64_t first_block_ = 0;  // position_ aligned down
  iobuf data_;
  int64_t result_ = 0;
  completion done_ = nullptr;
  void* context_ = nullptr;
  io_engine* engine_ = nullptr;
  owned_transfer transfer_;
  owned_request request_;
};

}  // namespace corebuf
