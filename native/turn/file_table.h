// The open files of a shard, its engines, and the operations between them and JavaScript, which knows files
// and operations by numbers.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/intrusive_list.h"
#include "base/result.h"
#include "io/dma_file.h"
#include "io/engine_choice.h"
#include "io/fault_plan.h"
#include "io/file_operation.h"
#include "io/io_class.h"
#include "io/io_engine.h"
#include "shard/shard.h"

namespace corebuf {

class batch_callback;
class event_loop;
struct exchange;

struct open_file {
  dma_file file;
  io_engine* engine = nullptr;
  uint32_t in_flight = 0;  // operations that the kernel may work on
};

class file_table {
 public:
  /// The engine of this kind, which the first call makes.
  result<io_engine*> engine(event_loop& loop, engine_kind kind);

  /// Opens a file with a duplicate of `fd`, as dma_file::adopt() does. Returns its number.
  result<uint32_t> open(event_loop& loop, int fd, engine_kind kind, bool direct = true);
  open_file& operator[](uint32_t number) { return *files_[number]; }
  /// Null when no open file has this number.
  open_file* find(uint32_t number) { return number < files_.size() ? files_[number].get() : nullptr; }
  /// Closes a file that has no operation in flight: its descriptor may be another file's afterwards.
  void close(uint32_t number);

  /// Starts an operation on the file, which belongs to the table until JavaScript has been told of its end.
  void start(event_loop& loop, uint32_t file, file_operation* started, uint32_t number);

  /// For tests: files that are opened from now on have engines with these faults, until the list of rules is
  /// empty. Files that were opened under earlier rules get the new rules too. Returns how often the earlier
  /// rules hit.
  uint32_t inject(uint32_t seed, std::vector<fault_rule> rules);

  /// True when some requests are in flight, but so few that a caller who waits for one waits for nothing
  /// else.
  bool few_in_flight() const;

  void flush();  // submits work to the kernel
  /// Reaps the engines whose bit is set in `readable`. That includes idle engines, because the kernel may
  /// have to be entered once more before it lets go of a file. True when an operation was completed.
  bool reap(uint32_t readable);
  void deliver(const exchange& area, event_loop& loop, const batch_callback& callback);

  /// Whether the batch that is being handled has an operation at `ordinal`.
  bool in_batch(size_t ordinal) const { return ordinal < batch_.size(); }
  /// The bytes of the completed read at `ordinal` of the batch that is being handled.
  iobuf claim(size_t ordinal);

  io_classes& classes() { return classes_; }
  io_stats stats() const;
  const char* engine_name() const;

  /// Waits for the operations in flight, then closes files and engines.
  void shut();

 private:
  void completed(file_operation& done);
  result<io_engine*> keep(event_loop& loop, size_t index, std::unique_ptr<io_engine> opened);
  result<io_engine*> faulty_engine(event_loop& loop, engine_kind kind);

  static constexpr size_t kinds = 2;
  static constexpr size_t reaped_per_turn = 1024;
  static constexpr size_t few_max = 4;

  std::unique_ptr<fault_plan> faults_;  // lives longer than the engines that use it
  bool injecting_ = false;
  io_classes classes_;
  std::array<std::unique_ptr<io_engine>, 2 * kinds> engines_;  // schedulers of each kind, then of each kind with faults
  io_engine* automatic_ = nullptr;
  std::vector<std::unique_ptr<open_file>> files_;
  std::vector<uint32_t> numbers_free_;
  intrusive_list<file_operation> completed_;
  std::vector<file_operation*> batch_;
};

}  // namespace corebuf
