// The input becomes operations on the heap of one shard: the first bytes choose its options, each later pair
// an operation. Every live object holds a pattern of its own, which is checked when it is freed, and a model
// knows where all of them lie.
//   tools/fuzz.sh [seconds]
#include <algorithm>
#include <cstring>
#include <deque>
#include <map>

#include "base/assert.h"
#include "choices.h"
#include "memory/shard_heap.h"

namespace corebuf {
namespace {

constexpr shard_id home = 3;
constexpr size_t live_most = 4096;

class session {
 public:
  explicit session(choices& given) : given_(given) { open(); }
  ~session() { close(); }
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void step() {
    const uint8_t operation = given_.byte();
    switch (operation % 16) {
      case 0:
      case 1:
      case 2:
      case 3: return allocate(1);
      case 4: return allocate(size_t{1} << given_.byte() % 22);
      case 5: return allocate_many();
      case 6:
      case 7: return free_at(given_.word());
      case 8: return free_at(live_.size() - 1);
      case 9: return free_run();
      case 10: return send_away(1 + given_.byte() % 64);
      case 11: return come_home();
      case 12: return void(heap_->trim());
      case 13: return void(heap_->decay());
      case 14: return fail_next();
      default: return operation < 128 ? check() : reopen();
    }
  }

 private:
  struct object {
    std::byte* memory;
    size_t asked;
    size_t usable;
    uint8_t pattern;
  };

  void open() {
    static constexpr size_t budgets[] = {1 * MiB, 2 * MiB, 3 * MiB + 4 * KiB, 16 * MiB, 64 * MiB};
    heap_ = shard_heap::create(home, {.budget = budgets[given_.byte() % std::size(budgets)]}).value();
  }

  void close() {
    come_home();
    while (!live_.empty()) free_at(live_.size() - 1);
    check();
    heap_->trim();
    ASSERT(heap_->stats().committed == heap_->committed_floor());
    shard_heap::destroy(heap_);
  }

  void reopen() {
    close();
    open();
  }

  void allocate(size_t alignment) { allocate(given_.size(), alignment); }

  void allocate_many() {
    const size_t size = given_.size();
    for (size_t left = given_.byte(); left > 0; --left) allocate(size, 1);
  }

  void allocate(size_t size, size_t alignment) {
    if (live_.size() + away_.size() >= live_most) return;
    void* given = alignment == 1 ? given_.byte() % 4 == 0 ? heap_->allocate_record(size) : heap_->allocate(size)
                                 : heap_->allocate_aligned(size, alignment);
    if (given == nullptr) return;
    auto* memory = static_cast<std::byte*>(given);
    const size_t usable = heap_->usable_size(memory);
    ASSERT(usable >= size && is_aligned(address_of(memory), std::max(alignment, slot_granularity)));
    ASSERT(owner(memory) == home && owner(memory + usable - 1) == home);
    const auto after = ranges_.lower_bound(memory);
    ASSERT(after == ranges_.end() || memory + usable <= after->first);
    ASSERT(after == ranges_.begin() || std::prev(after)->second <= memory);
    ranges_.emplace(memory, memory + usable);
    used_ += usable;
    live_.push_back({memory, size, usable, ++pattern_});
    each_edge(live_.back(), [](std::byte& byte, uint8_t pattern) { byte = std::byte{pattern}; });
  }

  void free_at(size_t at) {
    if (live_.empty()) return;
    object& chosen = live_[at % live_.size()];
    const object freed = chosen;
    chosen = live_.back();
    live_.pop_back();
    free(freed);
  }

  /// Frees objects that were allocated one after the other, as a chain is freed.
  void free_run() {
    const size_t first = given_.word();
    for (size_t left = given_.byte(); left > 0; --left) free_at(first);
  }

  void free(const object& freed) {
    each_edge(freed, [](const std::byte& byte, uint8_t pattern) { ASSERT(byte == std::byte{pattern}); });
    ASSERT(heap_->usable_size(freed.memory) == freed.usable);
    ranges_.erase(freed.memory);
    used_ -= freed.usable;
    heap_->free(freed.memory);
  }

  /// Frees objects later and in the order in which they were taken, as when another shard holds them and
  /// sends them home.
  void send_away(size_t count) {
    for (; count > 0 && !live_.empty(); --count) {
      away_.push_back(live_.front());
      live_.pop_front();
    }
  }

  void come_home() {
    for (const object& returned : away_) free(returned);
    away_.clear();
  }

  void fail_next() {
    heap_->fail_in(1 + given_.byte() % 4);
    for (int left = 4; left > 0; --left) {
      if (void* memory = heap_->allocate(64)) heap_->free(memory);
    }
    ASSERT(heap_->allocate(64) == nullptr);
    heap_->fail_in(0);
  }

  void check() {
    heap_->invariant();
    const memory_stats stats = heap_->stats();
    ASSERT(stats.live_objects == live_.size() + away_.size());
    ASSERT(stats.used == used_ && stats.used <= stats.budget);
    ASSERT(stats.committed <= stats.budget + heap_->committed_floor());
  }

  /// The first and last bytes, which neighbours and links would overwrite.
  template <typename Visit>
  static void each_edge(const object& visited, Visit visit) {
    const size_t edge = std::min<size_t>(visited.usable, 32);
    for (size_t at = 0; at < edge; ++at) {
      visit(visited.memory[at], visited.pattern);
      visit(visited.memory[visited.usable - 1 - at], visited.pattern);
    }
  }

  choices& given_;
  shard_heap* heap_ = nullptr;
  std::deque<object> live_;
  std::deque<object> away_;
  std::map<std::byte*, std::byte*> ranges_;  // begin and end
  size_t used_ = 0;
  uint8_t pattern_ = 0;
};

}  // namespace
}  // namespace corebuf

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace corebuf;
  const acting_as here(home);
  choices given(data, size);
  session run(given);
  while (!given.empty()) run.step();
  return 0;
}
