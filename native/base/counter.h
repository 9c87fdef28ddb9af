// A number that one thread changes and any thread may read. Changing it costs what a plain integer costs:
// there is no locked instruction. Values that belong together may be read at slightly different moments.
#pragma once

#include <atomic>
#include <cstdint>

namespace corebuf {

class counter {
 public:
  counter() = default;
  counter(const counter&) = delete;
  counter& operator=(const counter&) = delete;

  uint64_t get() const { return value_.load(std::memory_order_relaxed); }
  operator uint64_t() const { return get(); }

  void set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(uint64_t more) { set(get() + more); }

 private:
  std::atomic<uint64_t> value_{0};
};

}  // namespace corebuf
