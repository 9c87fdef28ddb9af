// The allocator alone, compared with mimalloc, jemalloc and glibc in one process. The first byte of every
// object is written.
//   bench_memory [--quick] [--list] [part of the names of cases]
#include <memory>
#include <numeric>
#include <random>

#include "allocator.h"
#include "hand_over.h"
#include "rounds.h"

namespace corebuf::bench {
namespace {

constexpr size_t budget = 1 * GiB;
constexpr size_t batch_objects = 1000;
constexpr size_t live_many = 1'000'000;

template <typename Allocator>
void pairs(Allocator& from, size_t size, size_t count) {
  for (; count > 0; --count) {
    void* memory = from.allocate(size);
    touch(memory);
    from.free(memory);
  }
}

/// The objects that a batch allocates, and the order in which it frees them.
struct batch {
  explicit batch(std::vector<size_t> wanted)
      : sizes(std::move(wanted)), order(sizes.size()), live(sizes.size()) {
    std::iota(order.begin(), order.end(), size_t{0});
    std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
  }

  std::vector<size_t> sizes;
  std::vector<size_t> order;
  std::vector<void*> live;
};

template <typename Allocator>
void batches(Allocator& from, batch& filled, size_t count) {
  for (; count > 0; count -= filled.sizes.size()) {
    for (size_t at = 0; at < filled.sizes.size(); ++at)
      touch(filled.live[at] = from.allocate(filled.sizes[at]));
    for (const size_t at : filled.order) from.free(filled.live[at]);
  }
}

/// Many live objects: each new one replaces a random one.
template <typename Allocator>
class population {
 public:
  population(Allocator& from, size_t size, size_t objects) : from_(from), size_(size), live_(objects) {
    for (void*& memory : live_) touch(memory = from_.allocate(size_));
  }
  ~population() {
    for (void* memory : live_) from_.free(memory);
  }
  population(const population&) = delete;
  population& operator=(const population&) = delete;

  void replace(size_t count) {
    for (; count > 0; --count) {
      random_ = random_ * 6364136223846793005 + 1442695040888963407;
      void*& memory = live_[(random_ >> 32) * live_.size() >> 32];
      from_.free(memory);
      touch(memory = from_.allocate(size_));
    }
  }

 private:
  Allocator& from_;
  const size_t size_;
  uint64_t random_ = 1;
  std::vector<void*> live_;
};

std::string size_name(size_t size) {
  return size < KiB ? std::to_string(size) + " B" : std::to_string(size / KiB) + " KiB";
}

/// Mostly small sizes, as in a server.
std::vector<size_t> mixed_sizes() {
  std::mt19937_64 random(2);
  std::vector<size_t> sizes(batch_objects);
  for (size_t& size : sizes) {
    size = size_t{1} << (4 + random() % 11);
    size += random() % size;
  }
  return sizes;
}

class suite {
 public:
  suite(shard_heap& heap, const effort& effort) : ours_{heap}, effort_(effort) {}

  void run() {
    for (const size_t size : sizes) {
      compare_all(size_name(size) + ": allocate, free",
                  [=](auto& from, size_t count) { pairs(from, size, count); });
    }
    for (const size_t size : sizes)
      run_batch(size_name(size), batch(std::vector<size_t>(batch_objects, size)));
    run_batch("16 B to 32 KiB", batch(mixed_sizes()));
    run_crowd();
    run_growth();
  }

 private:
  static constexpr std::array sizes{64, 512, 4096, 16384, 131072};

  /// `work(allocator, count)` for every allocator.
  template <typename Work>
  void compare_all(const std::string& name, Work work, size_t step = 1) {
    std::vector<side> sides{{"corebuf", [=, this](size_t count) { work(ours_, count); }}};
    for (general_allocator& peer : peers_)
      sides.push_back({peer.name, [=, &peer](size_t count) { work(peer, count); }});
    compare(name, sides, effort_, step);
  }

  void run_batch(const std::string& what, batch filled) {
    const std::string name = what + ": " + std::to_string(batch_objects) + " live, freed in any order";
    compare_all(
        name, [&](auto& from, size_t count) { batches(from, filled, count); }, batch_objects);
  }

  /// Each new object replaces a random one of a million, so no object is in a cache.
  void run_crowd() {
    if (effort_.list) return compare_all(crowd_name, [](auto&, size_t) {});
    std::vector<side> sides;
    population crowd(ours_, 64, live_many);
    sides.push_back({"corebuf", [&](size_t count) { crowd.replace(count); }});
    std::vector<std::unique_ptr<population<general_allocator>>> crowds;
    for (general_allocator& peer : peers_) {
      auto& theirs =
          *crowds.emplace_back(std::make_unique<population<general_allocator>>(peer, 64, live_many));
      sides.push_back({peer.name, [&theirs](size_t count) { theirs.replace(count); }});
    }
    compare(crowd_name, sides, effort_);
  }

  /// The cost that live objects add to the next ones: two heaps, of which one is nearly empty.
  void run_growth() {
    constexpr shard_id neighbour = 254;
    our_heap empty{*shard_heap::create(neighbour, {.budget = budget}).value()};
    batch few(std::vector<size_t>(batch_objects, 64));
    {
      population one(empty, 64, 1);
      population crowd(ours_, 64, live_many);
      compare("64 B: 1000 more beside 1,000,000 live",
              {{"corebuf", [&](size_t count) { batches(ours_, few, count); }},
               {"corebuf, beside 1 live", [&](size_t count) { batches(empty, few, count); }}},
              effort_, batch_objects);
    }
    shard_heap::destroy(&empty.heap);
  }

  static constexpr const char* crowd_name = "64 B: a random one of 1,000,000 live replaced";

  our_heap ours_;
  std::vector<general_allocator> peers_ = general_allocators();
  const effort& effort_;
};

void run_hand_overs(const effort& effort) {
  shard_pair shards(budget);
  const std::vector<general_allocator> peers = general_allocators();
  for (const size_t size : {64, 4096}) {
    std::vector<side> sides{{"corebuf", [&](size_t count) { hand_over(shards, size, count); }}};
    for (const general_allocator& peer : peers) {
      sides.push_back({peer.name, [&](size_t count) { hand_over(peer, size, count); }});
    }
    compare(size_name(size) + ": freed on another thread", sides, effort, handed_objects);
  }
}

}  // namespace
}  // namespace corebuf::bench

int main(int arguments, char** argument) {
  using namespace corebuf;
  bench::make_room_for_libraries(argument);
  const bench::effort effort = bench::effort_from(arguments, argument);
  constexpr shard_id home = 255;
  shard_heap* heap = shard_heap::create(home, {.budget = bench::budget}).value();
  bench::suite(*heap, effort).run();
  bench::run_hand_overs(effort);
  shard_heap::destroy(heap);
}
