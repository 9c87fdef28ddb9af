// Random operations on chains and on strings.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "base/fuzz_test_support.h"
#include "buffer/buffer_host_test_support.h"
#include "buffer/crc32c.h"

namespace corebuf {
namespace {

constexpr size_t chains_count = 6;
constexpr size_t length_max = 60'000;

class modelled_chains {
 public:
  modelled_chains(shard_host& host, shard_host& abroad, std::mt19937_64& random)
      : host_(host), here_(*host), abroad_(abroad), random_(random) {}

  void step() {
    const size_t at = random_() % chains_count, beside = random_() % chains_count;
    iobuf& chain = chains_[at];
    std::string& model = models_[at];
    switch (random_() % 12) {
      case 0:
      case 1: {
        const std::string text = letters(random_length(), random_() % 10'000);
        if (chain.append(here_, bytes_of(text))) model += text;
        break;
      }
      case 2: {
        const std::span<std::byte> slack = chain.slack();
        const size_t written = std::min<size_t>(slack.size(), random_() % 100);
        const std::string text = letters(written, random_() % 10'000);
        std::copy_n(bytes_of(text).begin(), written, slack.begin());
        chain.publish(here_, written);
        model += text;
        break;
      }
      case 3:
        if (chain.append_copy(here_, chains_[beside])) model += std::string(models_[beside]);
        break;
      case 4:
        if (at == beside) break;
        chain.take(here_, chains_[beside]);
        model += models_[beside];
        models_[beside].clear();
        break;
      case 5: {
        if (at == beside) break;
        const size_t length = random_() % (model.size() + 1);
        if (!chain.take_front(here_, length, chains_[beside])) break;
        models_[beside] += model.substr(0, length);
        model.erase(0, length);
        break;
      }
      case 6:
      case 7: {
        const size_t start = random_() % (model.size() + 1);
        const size_t length = random_() % (model.size() - start + 1);
        if (!chain.share(here_, start, length, chains_[beside])) break;
        models_[beside] += model.substr(start, length);
        break;
      }
      case 8: {
        const size_t length = random_() % (model.size() + 1);
        chain.trim_front(here_, length);
        model.erase(0, length);
        break;
      }
      case 9:
        travel(chain, model);
        break;
      case 10:
        chain.seal();
        break;
      default:
        append_foreign(chain, model);
    }
    if (model.size() > length_max) chain.release(here_), model.clear();
    agree(at);
    agree(beside);
  }

  /// Home knows what its own fragments refer to.
  void agree_on_references() const {
    size_t referenced = 0;
    for (const iobuf& chain : chains_) {
      for (const fragment* at = chain.front(); at != nullptr; at = iobuf::next(at)) {
        if (owner(at) == here_.id() && at->of->kind != buffer_kind::proxy) referenced += at->length;
      }
    }
    ASSERT_EQ(here_.holdings_here().referenced, referenced);
  }

  void release_all() {
    for (iobuf& chain : chains_) chain.release(here_);
  }

 private:
  size_t random_length() { return random_() % 16 == 0 ? random_() % 20'000 : random_() % 400; }

  /// There and back again, alone or behind another.
  void travel(iobuf& chain, std::string& model) {
    ::corebuf::chain<homebound> payload = chain.depart(here_);
    chain = iobuf::arrive(payload, model.size());
    ASSERT_TRUE(payload.empty());
  }

  void append_foreign(iobuf& chain, std::string& model) {
    const std::string text = letters(1 + random_() % 2000, random_() % 10'000);
    ::corebuf::chain<homebound> payload = abroad_.act([&](shard& there) {
      iobuf made;
      if (made.append(there, bytes_of(text))) return made.depart(there);
      return ::corebuf::chain<homebound>();
    });
    if (payload.empty()) return;
    iobuf foreign = iobuf::arrive(payload, text.size());
    chain.take(here_, foreign);
    model += text;
    host_.turn();
    abroad_.turn();
  }

  void agree(size_t at) {
    const iobuf& chain = chains_[at];
    chain.invariant();
    ASSERT_EQ(chain.length(), models_[at].size());
    const uint32_t crc = crc32c(0, bytes_of(models_[at]));
    ASSERT_EQ(chain.crc32c(0), crc);
    const size_t start = random_() % (models_[at].size() + 1);
    std::string part(random_() % 100, '.');
    part.resize(chain.copy_out(start, std::as_writable_bytes(std::span(part))));
    ASSERT_EQ(part, models_[at].substr(start, part.size()));
  }

  shard_host& host_;
  shard& here_;
  shard_host& abroad_;
  std::mt19937_64& random_;
  std::array<iobuf, chains_count> chains_;
  std::array<std::string, chains_count> models_;
};

void fuzz(size_t budget, size_t ops) {
  std::mt19937_64 random = seeded_random();
  buffer_host host(budget), abroad(budget);
  const acting_as here(host->id());
  modelled_chains model(host, abroad, random);
  for (size_t step = 0; step < ops; ++step) {
    model.step();
    if (testing::Test::HasFatalFailure()) return;
    if (step % 64 == 0) model.agree_on_references();
    if (step % 2048 == 0) host->invariant();
  }
  model.release_all();
  host.turn();
  abroad.turn();
  EXPECT_EQ(host.live(), 0u);
  EXPECT_EQ(abroad.live(), 0u);
  for (shard_host* each : {static_cast<shard_host*>(&host), static_cast<shard_host*>(&abroad)}) {
    EXPECT_EQ((*each)->holdings_here().pinned, 0u);
    EXPECT_EQ((*each)->holdings_here().referenced, 0u);
  }
  EXPECT_EQ(host->counters().returns_sent, abroad->counters().returns_received);
}

TEST(IobufFuzz, BehavesLikeAString) { fuzz(256 * MiB, test_ops(40'000)); }

TEST(IobufFuzz, BehavesLikeAStringWhenMemoryIsShort) { fuzz(shard_heap::budget_min, test_ops(40'000)); }

}  // namespace
}  // namespace corebuf
