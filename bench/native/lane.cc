// The ring of a lane alone, and the whole way of a message through two shards, compared with queues that do
// the same between two threads. An item is four words, as in a lane.
//   bench_lane [--quick] [--list] [part of the names of cases]
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#if __has_include(<boost/lockfree/spsc_queue.hpp>)
#include <boost/lockfree/spsc_queue.hpp>
#define COREBUF_BENCH_BOOST 1
#endif

#include "patience.h"
#include "rounds.h"
#include "shard/os_cpu.h"
#include "shard/lane.h"
#include "shard/mesh.h"
#include "shard/shard.h"

namespace corebuf::bench {
namespace {

constexpr size_t budget = 64 * MiB;
constexpr size_t burst = 64;

/// Pins two threads to different processors, where there are two; else the benchmark would measure where they
/// run.
class second_thread {
 public:
  template <typename Work>
  explicit second_thread(Work work) {
    pin(0);
    thread_ = std::thread([work] {
      pin(1);
      work();
    });
  }
  ~second_thread() {
    thread_.join();
    unpin_thread();
  }
  second_thread(const second_thread&) = delete;
  second_thread& operator=(const second_thread&) = delete;

 private:
  static void pin(size_t at) {
    if (cpus_allowed().size() > 1) pin_thread(cpus_allowed()[at]);
  }

  std::thread thread_;
};

struct our_ring {
  static constexpr const char* name = "corebuf";

  void push(const lane_item& item) {
    for (patience full; !ring.try_push(item);) full.wait();
  }
  void push_burst(const lane_item& item) {
    for (size_t left = burst; left > 0; --left) {
      for (patience full; !ring.try_stage(item);) ring.publish(), full.wait();
    }
    ring.publish();
  }
  lane_item pop() {
    lane_item item;
    for (patience empty; !ring.try_pop(item);) empty.wait();
    return item;
  }

  spsc_ring<lane_item, lane_slots> ring;
};

#if defined(COREBUF_BENCH_BOOST)
struct boost_ring {
  static constexpr const char* name = "boost::lockfree::spsc_queue";

  void push(const lane_item& item) {
    for (patience full; !ring.push(item);) full.wait();
  }
  void push_burst(const lane_item& item) {
    const std::array<lane_item, burst> items = filled(item);
    size_t pushed = 0;
    for (patience full; (pushed += ring.push(&items[pushed], burst - pushed)) < burst;) full.wait();
  }
  lane_item pop() {
    lane_item item;
    for (patience empty; !ring.pop(item);) empty.wait();
    return item;
  }

  static std::array<lane_item, burst> filled(const lane_item& item) {
    std::array<lane_item, burst> items;
    items.fill(item);
    return items;
  }

  boost::lockfree::spsc_queue<lane_item, boost::lockfree::capacity<lane_slots>> ring;
};
#endif

/// A queue with a mutex, bounded like the others; a thread that waits sleeps.
struct mutex_queue {
  static constexpr const char* name = "mutex and condition variable";

  void push(const lane_item& item) {
    std::unique_lock held(mutex);
    changed.wait(held, [&] { return items.size() < lane_slots; });
    items.push_back(item);
    held.unlock();
    changed.notify_one();
  }
  void push_burst(const lane_item& item) {
    std::unique_lock held(mutex);
    for (size_t left = burst; left > 0; --left) {
      changed.wait(held, [&] { return items.size() < lane_slots; });
      items.push_back(item);
      if (items.size() == lane_slots) changed.notify_one();
    }
    held.unlock();
    changed.notify_one();
  }
  lane_item pop() {
    std::unique_lock held(mutex);
    changed.wait(held, [&] { return !items.empty(); });
    const lane_item item = items.front();
    items.pop_front();
    const bool was_full = items.size() == lane_slots - 1;
    held.unlock();
    if (was_full) changed.notify_one();
    return item;
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<lane_item> items;
};

/// Sends `count` items to the other thread, which adds them up.
template <typename Queue>
void stream(size_t count, bool bursts) {
  Queue queue;
  size_t sum = 0;
  {
    const second_thread receiver([&] {
      for (size_t left = count; left > 0; --left) sum += queue.pop().count;
    });
    const lane_item item{nullptr, nullptr, nullptr, 1};
    if (bursts) {
      for (size_t left = count; left > 0; left -= burst) queue.push_burst(item);
    } else {
      for (size_t left = count; left > 0; --left) queue.push(item);
    }
  }
  ASSERT(sum == count);
}

/// Sends one item there and back, `count` times.
template <typename Queue>
void ping_pong(size_t count) {
  Queue there;
  Queue back;
  const second_thread echo([&] {
    for (size_t left = count; left > 0; --left) back.push(there.pop());
  });
  for (size_t at = 0; at < count; ++at) {
    there.push({nullptr, nullptr, nullptr, at});
    ASSERT(back.pop().count == at);
  }
}

/// `sides(queue)` for the ring, then for the queues of the peers.
template <typename Side>
std::vector<side> everybody(Side side_of) {
  std::vector<side> sides{side_of(static_cast<our_ring*>(nullptr))};
#if defined(COREBUF_BENCH_BOOST)
  sides.push_back(side_of(static_cast<boost_ring*>(nullptr)));
#endif
  sides.push_back(side_of(static_cast<mutex_queue*>(nullptr)));
  return sides;
}

void run_rings(const effort& effort) {
  for (const bool bursts : {false, true}) {
    compare(bursts ? "one way, bursts of 64" : "one way, one at a time", everybody([=](auto* queue) {
              using queue_type = std::remove_pointer_t<decltype(queue)>;
              return side{queue_type::name, [=](size_t count) { stream<queue_type>(count, bursts); }};
            }),
            effort, burst);
  }
  compare("there and back", everybody([](auto* queue) {
            using queue_type = std::remove_pointer_t<decltype(queue)>;
            return side{queue_type::name, [](size_t count) { ping_pong<queue_type>(count); }};
          }),
          effort);
}

/// Requests and their answers between two shards, with memory, outbox, lane and turn.
class calling_shards {
 public:
  calling_shards() : caller_(attach(answered)), callee_(attach(echoed)) {}

  void round_trips(size_t count) {
    std::atomic<bool> done{false};
    const second_thread callee([&] {
      const acting_as here(callee_.id());
      patience idle;
      while (!done.load(std::memory_order_relaxed)) turn(callee_), idle.wait();
    });
    const acting_as here(caller_.id());
    for (; count > 0; --count) {
      auto* request = new (caller_.heap().allocate(sizeof(message))) message;
      request->from = caller_.id();
      request->to = callee_.id();
      request->incarnation = callee_.ref().incarnation;
      answers = 0;
      caller_.post(request);
      for (patience idle; answers == 0;) turn(caller_), idle.wait();
    }
    done.store(true, std::memory_order_relaxed);
  }

 private:
  static void turn(shard& here) { here.turn(turn_quota(turn_quota::objects_default)); }
  static void answered(shard& here, message* answer) {
    here.dispose(answer);
    ++answers;
  }
  static void echoed(shard& here, message* request) {
    request->kind = message_kind::reply;
    here.post(request);
  }
  static shard& attach(void (*receive)(shard&, message*)) {
    const shard_handlers handlers{.drop = [](shard& home, homebound* object) { home.heap().free(object); },
                                  .receive = receive};
    return *mesh::get().attach({.budget = budget}, handlers).value();
  }

  static inline size_t answers = 0;

  shard& caller_;
  shard& callee_;
};

void run_shards(const effort& effort) {
  calling_shards shards;
  compare("a request and its answer through two shards",
          {{"corebuf", [&](size_t count) { shards.round_trips(count); }},
           {mutex_queue::name, [](size_t count) { ping_pong<mutex_queue>(count); }}},
          effort);
}

}  // namespace
}  // namespace corebuf::bench

int main(int arguments, char** argument) {
  using namespace corebuf::bench;
  const effort effort = effort_from(arguments, argument);
  run_rings(effort);
  run_shards(effort);
}
