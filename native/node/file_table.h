// The files a shard has open, its engines, and the operations between them and JavaScript, which knows both by numbers.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/chain.h"
#include "base/result.h"
#include "io/dma_file.h"
#include "io/engine_choice.h"
#include "io/fault_plan.h"
#include "io/file_operation.h"
#include "io/io_class.h"
#include "io/io_engine.h"
#include "shard/shard.h"

namespace corebuf {

class event_loop;
class script_callback;
struct exchange;

struct open_file {
  dma_file file;
  io_engine* engine = nullptr;
};

class file_table {
 public:
  /// The engine of that kind, made when it is first asked for.
  result<io_engine*> engine(event_loop& loop, engine_kind kind);

  /// Duplicates `fd`. Returns the file's number.
  result<uint32_t> open(event_loop& loop, int fd, engine_kind kind);
  open_file& operator[](uint32_t number) { return *files_[number]; }
  /// Nothing of it is in flight.
  void close(uint32_t number);

  /// `started` belongs to the table until JavaScript has been told of its end.
  void start(event_loop& loop, io_engine& engine, file_operation* started, uint32_t number);

  /// For tests. Files that are opened from now on, until the rules are none, have engines in which these faults
  /// happen; files that were opened under other rules are under these. Returns how often the rules before hit.
  uint32_t inject(uint32_t seed, std::vector<fault_rule> rules);

  /// Some, and so few that whoever waits for one waits for nothing else.
  bool few_in_flight() const;

  void flush();  // hands submitted work to the kernel
  /// What engines have done whose descriptors are `readable`, a bit for each: an idle one, too, which the kernel may ask to
  /// enter it once more for a file to be let go. True when something was completed.
  bool reap(uint32_t readable);
  void deliver(const exchange& area, event_loop& loop, const script_callback& callback);

  /// What the completed read at `ordinal` of the batch that is being delivered has read.
  iobuf claim(size_t ordinal);

  io_classes& classes() { return classes_; }
  io_stats stats() const;
  const char* engine_name() const;

  /// Waits for what is in flight; files and engines end.
  void shut();

 private:
  result<io_engine*> keep(event_loop& loop, size_t slot, std::unique_ptr<io_engine> opened);
  result<io_engine*> faulty_engine(event_loop& loop, engine_kind kind);

  static constexpr size_t kinds = 2;
  static constexpr size_t reaped_per_turn = 1024;
  static constexpr size_t few_max = 4;

  std::unique_ptr<fault_plan> faults_;  // outlives the engines that ask it
  bool injecting_ = false;
  io_classes classes_;
  std::array<std::unique_ptr<io_engine>, 2 * kinds> engines_;  // schedulers: of each kind, and of each kind with faults
  io_engine* automatic_ = nullptr;
  std::vector<std::unique_ptr<open_file>> files_;
  std::vector<uint32_t> numbers_free_;
  chain<file_operation> completed_;
  std::vector<file_operation*> batch_;
};

}  // namespace corebuf
