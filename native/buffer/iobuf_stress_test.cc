// Four shards on four threads send each other chains, keep them, share them, split them, pass them on and
// send them back. Every chain is verified wherever it arrives, every request is answered exactly once, and at
// the end all memory is home. COREBUF_STRESS_MESSAGES is the number of requests; each has a reply.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <deque>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "base/fuzz_test_support.h"
#include "buffer/buffer_host_test_support.h"

namespace corebuf {
namespace {

constexpr size_t shards_count = 4;
constexpr size_t waiting_max = 512;  // requests of one shard that wait for their answer
constexpr size_t kept_max = 64;
constexpr uint32_t method_plain = 1, method_forwarded = 2;

/// Data in a message beside its chain.
struct label {
  uint64_t sequence = 0;  // number of the request between two shards
  uint64_t length = 0;
  uint32_t crc = 0;

  static label of(const iobuf& chain) { return {0, chain.length(), chain.crc32c(0)}; }
  void write(message& to) const { std::memcpy(to.inline_bytes, this, sizeof *this); }
  static label read(const message& from) {
    label read;
    std::memcpy(&read, from.inline_bytes, sizeof read);
    return read;
  }
};

struct kept_chain {
  iobuf chain;
  label expected;
};

class worker;

struct world {
  std::array<std::atomic<uint64_t>, shards_count> refs{};
  std::array<std::atomic<worker*>, shards_count> awake_for{};
  std::atomic<size_t> finished{0};
  std::atomic<uint64_t> requests{0}, replies{0}, gone{0}, abandoned{0};
  std::atomic<uint64_t> returns_sent{0}, returns_received{0};
  std::latch all_home{shards_count};

  shard_ref ref(size_t number) const {
    const uint64_t packed = refs[number].load();
    return {static_cast<shard_id>(packed), static_cast<uint32_t>(packed >> 16)};
  }
};

/// One shard from its beginning to its end.
class worker {
 public:
  worker(world& all, size_t number, uint64_t seed)
      : all_(all), number_(number), random_(seed), host_(256 * MiB, receive, this), outstanding_(waiting_max * 4) {
    const shard_ref own = host_->ref();
    all_.refs[number].store(uint64_t{own.incarnation} << 16 | own.id);
    for (uint32_t number = waiting_max * 4; number > 0; --number) numbers_free_.push_back(number - 1);
  }

  /// Sends `requests` and waits for their answers.
  void converse(uint64_t requests) {
    host_.turn_until([&] {
      for (; requests > 0 && waiting_ < waiting_max; --requests) ask();
      return requests == 0 && waiting_ == 0;
    });
  }

  /// Sends for some turns and ends with requests under way.
  void converse_for(size_t turns) {
    for (; turns > 0; --turns) {
      while (waiting_ < waiting_max) ask();
      host_.turn();
    }
  }

  /// Answers the other shards until they have finished too, and waits for its memory.
  void finish() {
    all_.awake_for[number_].store(this);
    if (all_.finished.fetch_add(1) + 1 == shards_count) wake_all();
    host_.turn_until([&] { return all_.finished.load() == shards_count; });
    give_up_kept();
    host_.turn_until([&] { return host_.live() == 0; });
    host_.act([](shard& here) { here.invariant(); });
    all_.returns_received.fetch_add(host_->counters().returns_received);
    all_.returns_sent.fetch_add(host_->counters().returns_sent);
    all_.all_home.arrive_and_wait();
  }

  /// Ends as the owner of a shard does.
  ~worker() {
    give_up_kept();
    host_.act([&](shard& here) {
      for (waiting& each : outstanding_) {
        if (each.parent != nullptr) here.bounce(each.parent);
      }
    });
    all_.abandoned.fetch_add(waiting_);
  }

  size_t live() { return host_.live(); }

  /// False where shards end and start: both ends of a sequence begin anew, and not at the same time.
  bool sequences_are_strict = true;

 private:
  struct waiting {
    bool is = false;
    message* parent = nullptr;  // the request that was passed on, and gets the same answer
  };

  static void receive(shard& here, message* delivered) {
    worker& self = shard_host::of<worker>(here);
    if (delivered->kind == message_kind::request) self.serve(here, delivered);
    else self.take_answer(here, delivered);
  }

  void ask() {
    size_t to = random_() % shards_count;
    if (to == number_) to = (to + 1) % shards_count;
    if (all_.refs[to].load() == 0) to = number_;
    host_.act([&](shard& here) {
      iobuf chain = make_chain(here);
      post(here, to, chain, method_plain, nullptr);
    });
  }

  iobuf make_chain(shard& here) {
    static const std::string all_letters = letters(64 * KiB);
    const std::string_view source = all_letters;
    iobuf chain;
    // A chain of this shard, sometimes with a reference to a chain that another shard has sent.
    for (uint64_t pieces = 1 + random_() % 3; pieces > 0; --pieces) {
      const size_t length = 1 + (random_() % 64 == 0 ? random_() % (16 * KiB) : random_() % 300);
      ASSERT(chain.append(here, bytes_of(source.substr(random_() % (source.size() - length), length))));
      if (random_() % 8 == 0 && !kept_.empty()) {
        iobuf& other = kept_[random_() % kept_.size()].chain;
        const size_t start = random_() % other.length();
        ASSERT(other.share(here, start, 1 + random_() % (other.length() - start), chain));
      }
    }
    return chain;
  }

  void post(shard& here, size_t to, iobuf& chain, uint32_t method, message* parent) {
    void* memory = here.heap().allocate(sizeof(message));
    ASSERT(memory != nullptr && !numbers_free_.empty());
    message* request = new (memory) message;
    const shard_ref ref = all_.ref(to);
    label meta = label::of(chain);
    meta.sequence = sequences_sent_[ref.id]++;
    meta.write(*request);
    request->from = here.id();
    request->to = ref.id;
    request->incarnation = ref.incarnation;
    request->method = method;
    request->number = numbers_free_.back();
    numbers_free_.pop_back();
    outstanding_[request->number] = {true, parent};
    ++waiting_;
    request->payload = chain.depart(here);
    here.post(request);
    all_.requests.fetch_add(1, std::memory_order_relaxed);
  }

  iobuf open(message* delivered) {
    const label meta = label::read(*delivered);
    iobuf chain = iobuf::arrive(delivered->payload, meta.length);
    ASSERT(delivered->payload.empty());
    verify(chain, meta);
    return chain;
  }

  static void verify(const iobuf& chain, const label& expected) {
    ASSERT(chain.length() == expected.length);
    ASSERT(chain.crc32c(0) == expected.crc);
  }

  void serve(shard& here, message* request) {
    iobuf chain = open(request);
    const uint64_t sequence = label::read(*request).sequence;
    if (sequences_are_strict) ASSERT(sequence == sequences_expected_[request->from]++);

    iobuf back;
    switch (random_() % 6) {
      case 0:
        break;
      case 1:
        back.take(here, chain);
        break;
      case 2: {
        const size_t start = random_() % chain.length();
        ASSERT(chain.share(here, start, 1 + random_() % (chain.length() - start), back));
        if (random_() % 2 == 0) keep(here, chain);
        break;
      }
      case 3:
        ASSERT(chain.take_front(here, random_() % (chain.length() + 1), back));
        if (random_() % 2 == 0) chain.take(here, back);
        if (random_() % 2 == 0 && !chain.empty()) keep(here, chain);
        break;
      case 4:
        keep(here, chain);
        break;
      default:
        if (request->method == method_forwarded || numbers_free_.size() < waiting_max) break;
        return pass_on(here, chain, request);
    }
    release(here, chain);
    answer(here, request, back);
  }

  void pass_on(shard& here, iobuf& chain, message* request) {
    size_t to = random_() % shards_count;
    if (all_.refs[to].load() == 0) to = number_;
    iobuf copy;
    if (random_() % 2 == 0) ASSERT(chain.share(here, 0, chain.length(), copy));
    post(here, to, chain, method_forwarded, request);
    if (!copy.empty()) keep(here, copy);
  }

  void answer(shard& here, message* request, iobuf& back) {
    label::of(back).write(*request);
    request->payload = back.depart(here);
    request->kind = message_kind::reply;
    here.post(request);
  }

  void take_answer(shard& here, message* reply) {
    waiting& asked = outstanding_[reply->number];
    ASSERT(asked.is);  // Each request gets exactly one answer.
    message* parent = asked.parent;
    asked = {};
    numbers_free_.push_back(reply->number);
    --waiting_;
    iobuf chain;
    if (reply->status == message_status::gone) all_.gone.fetch_add(1, std::memory_order_relaxed);
    else all_.replies.fetch_add(1, std::memory_order_relaxed), chain = open(reply);
    here.dispose(reply);
    if (parent != nullptr) return answer(here, parent, chain);
    if (!chain.empty() && random_() % 4 == 0) keep(here, chain);
    release(here, chain);
  }

  /// Moves `chain` to the kept chains. Releases the oldest when there are too many, and sometimes without
  /// that reason.
  void keep(shard& here, iobuf& chain) {
    kept_chain& added = kept_.emplace_back();
    added.expected = label::of(chain);
    added.chain.take(here, chain);
    while (kept_.size() > kept_max || (!kept_.empty() && random_() % 32 == 0)) {
      verify(kept_.front().chain, kept_.front().expected);
      release(here, kept_.front().chain);
      kept_.pop_front();
    }
  }

  /// Releases `chain`; sometimes checks that this allocates nothing.
  void release(shard& here, iobuf& chain) {
    if (random_() % 64 != 0) return chain.release(here);
    const uint64_t before = here.heap().stats().allocations;
    chain.release(here);
    ASSERT(here.heap().stats().allocations == before);
  }

  void give_up_kept() {
    host_.act([&](shard& here) {
      for (kept_chain& each : kept_) {
        verify(each.chain, each.expected);
        each.chain.release(here);
      }
      kept_.clear();
      here.flush();
    });
  }

  void wake_all() {
    for (auto& each : all_.awake_for) each.load()->host_.wake();
  }

  world& all_;
  const size_t number_;
  std::mt19937_64 random_;
  std::deque<kept_chain> kept_;
  std::array<uint64_t, shards_max> sequences_sent_{}, sequences_expected_{};
  std::vector<uint32_t> numbers_free_;
  size_t waiting_ = 0;
  buffer_host host_;
  std::vector<waiting> outstanding_;
};

uint64_t stress_messages(uint64_t release_default) {
  return test_number("COREBUF_STRESS_MESSAGES", sanitized ? release_default / 10 : release_default);
}

template <typename Life>
void on_all_shards(Life life) {
  std::vector<std::thread> threads;
  for (size_t number = 0; number < shards_count; ++number) threads.emplace_back([=] { life(number); });
  for (std::thread& thread : threads) thread.join();
}

TEST(IobufStress, BringsEveryChainHomeAfterMillionsOfMessages) {
  const uint64_t seed = seeded_random()();
  const uint64_t requests = stress_messages(5'000'000);
  auto all = std::make_unique<world>();
  std::latch attached(shards_count);
  const auto began = std::chrono::steady_clock::now();
  on_all_shards([&](size_t number) {
    worker self(*all, number, seed + number);
    attached.arrive_and_wait();
    self.converse(requests / shards_count);
    self.finish();
    EXPECT_EQ(self.live(), 0u);
  });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const auto millions = 1e-6 * static_cast<double>(all->requests.load());
  std::printf("%.1f million requests, as many replies, %.2f million messages/s\n", millions, 2 * millions / took.count());
  EXPECT_GE(all->requests.load(), requests);
  EXPECT_EQ(all->requests.load(), all->replies.load());
  EXPECT_EQ(all->gone.load(), 0u);
  EXPECT_EQ(all->abandoned.load(), 0u);
  EXPECT_EQ(all->returns_sent.load(), all->returns_received.load());
  EXPECT_GT(all->returns_sent.load(), 0u);
  EXPECT_EQ(mesh::get().dead_shards(), 0u);
}

TEST(IobufStress, BringsEveryChainHomeWhenShardsDieAndComeBack) {
  const uint64_t seed = seeded_random()();
  const uint64_t lives = test_number("COREBUF_STRESS_LIVES", sanitized ? 60 : 300);
  auto all = std::make_unique<world>();
  on_all_shards([&](size_t number) {
    std::mt19937_64 random(seed + number);
    for (uint64_t life = 0; life < lives; ++life) {
      worker self(*all, number, random());
      self.sequences_are_strict = false;
      if (random() % 4 == 0) self.converse(random() % 2000);
      else self.converse_for(random() % 50);
    }
    worker last(*all, number, random());
    last.sequences_are_strict = false;
    last.converse(1000);
    last.finish();
    EXPECT_EQ(last.live(), 0u);
  });
  mesh::get().clean_up_dead();
  EXPECT_EQ(mesh::get().dead_shards(), 0u);
  EXPECT_EQ(all->requests.load(), all->replies.load() + all->gone.load() + all->abandoned.load());
  EXPECT_GT(all->gone.load(), 0u);
  EXPECT_GT(all->abandoned.load(), 0u);
}

}  // namespace
}  // namespace corebuf
