// One disk, shared by all shards of the process: how much of it background work may use, so that the class
// with the most shares keeps its latency goal.
//
//   guard   the class with a goal that has the most shares of all that were at work lately, on any shard
//   lower   every class with fewer shares than the guard; these are limited while there is a guard
//   limit   bytes that all lower classes of all shards together may have in the device
//
// Each shard judges windows of requests of its own guard. A window that missed the goal reduces the limit by
// a quarter; one that met it raises the limit by an eighth if lower work had to wait. (Multiplicative both
// ways, as Linux's Kyber and blk-iolatency adapt their queue depths; Seastar's io_queue also bounds the work
// in the device by a goal, from a model of the disk that iotune measures beforehand.)
//
// Any thread may call any function. No function takes a lock: each shard reads two words per batch, and
// writes one a few times a second.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/bytes.h"

namespace corebuf {

inline constexpr uint64_t io_lower_max = 8 * MiB;     // bounds of the limit
inline constexpr uint64_t io_lower_min = 128 * KiB;
inline constexpr uint64_t io_lower_start = 1 * MiB;
inline constexpr uint64_t io_adjust_us = 25'000;      // the limit is raised, and reduced, at most once in this time
inline constexpr uint64_t io_guard_us = 500'000;      // a guard without work is remembered for this time

class io_device {
 public:
  io_device() = default;
  io_device(const io_device&) = delete;
  io_device& operator=(const io_device&) = delete;

  /// The device of this number, which the first call makes; it is never destroyed. Beyond `io_devices_max`,
  /// devices share one.
  static io_device& of(uint32_t major, uint32_t minor);

  /// To be called while a class with a goal and this number of shares has work.
  void guard(uint32_t shares, uint64_t now_us);

  /// Shares of the guard; 0 when there is none.
  uint32_t guarded_shares(uint64_t now_us) const;

  /// To be called when a shard begins and ends to have lower work. Calls come in pairs.
  void enter();
  void leave();

  /// Bytes of lower work that one shard may have in the device.
  uint64_t room() const;

  /// To be called when lower work has to wait for room.
  void press(uint64_t now_us);

  /// To be called when a window of the guard's requests has ended.
  void judge(bool met, uint64_t now_us);

  /// Whether there cannot be less lower work in the device.
  bool at_least() const { return shards_.load(std::memory_order_relaxed) == 0 || limit() == io_lower_min; }

  uint64_t limit() const { return limit_.load(std::memory_order_relaxed); }

 private:
  void raise(uint64_t now_us);
  void lower(uint64_t now_us);

  // Independent numbers, none of which guards other memory: relaxed order suffices everywhere.
  std::atomic<uint64_t> guard_{0};  // shares << 48 | time in microseconds until which they count
  std::atomic<uint64_t> limit_{io_lower_start};
  std::atomic<uint64_t> raised_us_{0};
  std::atomic<uint64_t> missed_us_{0};
  std::atomic<uint64_t> pressed_us_{0};
  std::atomic<uint32_t> shards_{0};  // shards that have lower work
};

inline constexpr size_t io_devices_max = 64;

}  // namespace corebuf
