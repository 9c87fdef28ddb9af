#include "io/io_device.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "base/assert.h"

namespace corebuf {
namespace {

constexpr unsigned until_bits = 48;
constexpr uint64_t until_mask = (uint64_t{1} << until_bits) - 1;

constexpr auto relaxed = std::memory_order_relaxed;

struct known_devices {
  std::mutex mutex;
  size_t count = 0;
  std::array<uint64_t, io_devices_max> numbers{};
  std::array<io_device, io_devices_max> devices{};
};

}  // namespace

io_device& io_device::of(uint32_t major, uint32_t minor) {
  static auto* const known = new known_devices;  // Never freed: shards may end after static destructors have run.
  const uint64_t number = uint64_t{major} << 32 | minor;
  const std::lock_guard lock(known->mutex);
  size_t place = 0;
  while (place < known->count && known->numbers[place] != number) ++place;
  if (place == io_devices_max) return known->devices[number % io_devices_max];
  if (place == known->count) known->numbers[known->count++] = number;
  return known->devices[place];
}

void io_device::guard(uint32_t shares, uint64_t now_us) {
  ASSERT(shares > 0 && shares <= UINT16_MAX);
  uint64_t stored = guard_.load(relaxed);
  const uint64_t wanted = uint64_t{shares} << until_bits | (now_us + io_guard_us);
  // A guard with more shares stays until its time is over.
  while (stored >> until_bits <= shares || (stored & until_mask) <= now_us) {
    if (guard_.compare_exchange_weak(stored, wanted, relaxed)) return;
  }
}

uint32_t io_device::guarded_shares(uint64_t now_us) const {
  const uint64_t stored = guard_.load(relaxed);
  return (stored & until_mask) > now_us ? static_cast<uint32_t>(stored >> until_bits) : 0;
}

void io_device::enter() { shards_.fetch_add(1, relaxed); }

void io_device::leave() {
  const uint32_t before = shards_.fetch_sub(1, relaxed);
  ASSERT(before > 0);
}

uint64_t io_device::room() const {
  const uint32_t shards = std::max(shards_.load(relaxed), 1U);
  return limit_.load(relaxed) / shards;
}

void io_device::press(uint64_t now_us) { pressed_us_.store(now_us, relaxed); }

void io_device::judge(bool met, uint64_t now_us) {
  if (met) raise(now_us);
  else lower(now_us);
}

void io_device::raise(uint64_t now_us) {
  uint64_t raised_us = raised_us_.load(relaxed);
  if (now_us < std::max(raised_us, missed_us_.load(relaxed)) + io_adjust_us) return;
  if (now_us > pressed_us_.load(relaxed) + 2 * io_adjust_us) return;
  if (!raised_us_.compare_exchange_strong(raised_us, now_us, relaxed)) return;  // another shard has
  const uint64_t limit = limit_.load(relaxed);
  limit_.store(std::min(limit + limit / 8, io_lower_max), relaxed);
}

void io_device::lower(uint64_t now_us) {
  uint64_t missed_us = missed_us_.load(relaxed);
  if (now_us < missed_us + io_adjust_us || shards_.load(relaxed) == 0) return;
  if (!missed_us_.compare_exchange_strong(missed_us, now_us, relaxed)) return;
  limit_.store(std::max(limit_.load(relaxed) * 3 / 4, io_lower_min), relaxed);
}

}  // namespace corebuf
