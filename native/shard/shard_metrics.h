// Numbers about one shard that any thread may read without asking it. The shard adds durations as they end,
// and publishes its counters before it sleeps, and every few milliseconds while it does not (turn/metrics.h).
// They lie in the shard, which outlives its thread.
#pragma once

#include <algorithm>
#include <array>
#include <mutex>
#include <string>
#include <utility>

#include "base/histogram.h"
#include "memory/size_class.h"

namespace corebuf {

struct shard_metrics {
  static constexpr size_t counters_max = 64;
  static constexpr size_t io_kinds_max = 16;
  static constexpr size_t io_counters_max = 8;
  static constexpr size_t logs_max = 256;
  static constexpr size_t stalls_max = 10;

  histogram calls;       // from handing a call to its lane until its answer is here
  histogram lane_waits;  // of messages to this shard, from the lane's beginning to its end
  histogram turns;
  std::array<histogram, io_kinds_max> io;

  counter index_plus_one;  // place of the shard in its group, plus one; 0 outside of groups
  std::array<counter, counters_max> published;
  std::array<std::array<counter, io_counters_max>, io_kinds_max> io_published;

  struct slots {
    counter used;
    counter slabs;
  };
  std::array<slots, size_classes> classes;

  /// Positions in the file of one log, in bytes.
  struct log_positions {
    counter accepted;
    counter written;
    counter durable;
  };
  std::array<log_positions, logs_max> logs;

  /// Names of the kinds of I/O, in the order of `io`. An array, because the copy of a vector needs a function that older
  /// C++ libraries lack.
  struct io_kinds {
    std::array<std::string, io_kinds_max> names;
    size_t count = 0;
  };
  io_kinds io_names() {
    const std::lock_guard guard(lock_);
    return {io_names_, io_names_known_};
  }
  size_t io_names_known() const { return io_names_known_; }  // the home only
  void add_io_name(std::string name) {
    const std::lock_guard guard(lock_);
    if (io_names_known_ < io_kinds_max) io_names_[io_names_known_++] = std::move(name);
  }

  /// Path of the log at this place of `logs`; empty when there is none.
  std::string log_name(size_t place) {
    const std::lock_guard guard(lock_);
    return log_names_[place];
  }
  /// All places from this one on are empty, and have been since the thread began.
  size_t logs_known() const { return logs_known_.get(); }
  void set_log_name(size_t place, std::string name) {
    logs[place].accepted.set(0);
    logs[place].written.set(0);
    logs[place].durable.set(0);
    const std::lock_guard guard(lock_);
    log_names_[place] = std::move(name);
    if (place >= logs_known_) logs_known_.set(place + 1);
  }

  /// The latest reports of stalls, the oldest first. Places without a report are empty texts and come first.
  std::array<std::string, stalls_max> stalls() {
    const std::lock_guard guard(lock_);
    return stalls_;
  }
  void add_stall(std::string report) {
    const std::lock_guard guard(lock_);
    std::move(stalls_.begin() + 1, stalls_.end(), stalls_.begin());
    stalls_.back() = std::move(report);
  }

  /// To be called by the shard of a new thread before it works.
  void clear() {
    for (histogram* one : {&calls, &lane_waits, &turns}) one->clear();
    for (histogram& one : io) one.clear();
    index_plus_one.set(0);
    for (counter& one : published) one.set(0);
    for (auto& kind : io_published) {
      for (counter& one : kind) one.set(0);
    }
    for (slots& one : classes) {
      one.used.set(0);
      one.slabs.set(0);
    }
    const std::lock_guard guard(lock_);
    for (std::string& name : io_names_) name.clear();
    io_names_known_ = 0;
    for (std::string& name : log_names_) name.clear();
    logs_known_.set(0);
    for (std::string& report : stalls_) report.clear();
  }

 private:
  std::mutex lock_;
  std::array<std::string, io_kinds_max> io_names_;
  size_t io_names_known_ = 0;
  std::array<std::string, logs_max> log_names_;
  counter logs_known_;
  std::array<std::string, stalls_max> stalls_;
};

}  // namespace corebuf
