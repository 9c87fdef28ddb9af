#include "shard/shard_metrics.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "shard/homebound_test_support.h"
#include "shard/host_test_support.h"
#include "shard/watched_turn.h"

namespace corebuf {
namespace {

/// Answers requests, and counts answers.
struct answering_host : shard_host {
  answering_host() : shard_host(64 * MiB, plain_homebound::drop, receive, this) {}

  static void receive(shard& here, message* delivered) {
    if (delivered->kind == message_kind::request) return answer(here, delivered);
    ++shard_host::of<answering_host>(here).answers;
    here.dispose(delivered);
  }

  void send(shard_ref to, uint32_t count) {
    act([&](shard& here) {
      for (uint32_t number = 0; number < count; ++number) here.post(make_request(here, to, number));
    });
  }

  size_t answers = 0;
};

TEST(shard_metrics, has_a_wait_for_each_message_that_a_lane_has_brought) {
  constexpr uint32_t count = 3 * lane_slots;  // more than the lane has room for
  answering_host one, two;
  one.send(two->ref(), count);
  while (one.answers < count) {
    one.turn();
    two.turn();
  }
  EXPECT_EQ(one->metrics().lane_waits.count(), count);
  EXPECT_EQ(two->metrics().lane_waits.count(), count);
}

TEST(shard_metrics, counts_the_wait_for_room_in_the_lane) {
  answering_host one, two;
  one.send(two->ref(), lane_slots + 1);
  one.turn();
  const uint64_t flushed_ns = monotonic_ns();
  while (monotonic_ns() - flushed_ns < 1'000'000) {
  }
  two.turn();  // makes room for the last one
  one.turn();
  two.turn();
  EXPECT_EQ(two->metrics().lane_waits.count(), lane_slots + 1);
  uint64_t within[1];
  two->metrics().lane_waits.cumulate(19, within);
  EXPECT_EQ(within[0], 0u) << "each has waited for 1 ms, which is more than 2^19 ns";
}

TEST(shard_metrics, knows_logs_by_their_places_until_they_are_closed) {
  answering_host host;
  shard_metrics& metrics = host->metrics();
  EXPECT_EQ(metrics.logs_known(), 0u);
  metrics.set_log_name(2, "third");
  EXPECT_EQ(metrics.logs_known(), 3u);
  EXPECT_EQ(metrics.log_name(0), "");
  EXPECT_EQ(metrics.log_name(2), "third");
  metrics.logs[2].accepted.set(7);
  metrics.set_log_name(2, "");
  metrics.set_log_name(2, "another");
  EXPECT_EQ(metrics.logs[2].accepted, 0u) << "the position of the log before it";
}

TEST(shard_metrics, keeps_the_latest_stalls_in_their_order) {
  answering_host host;
  shard_metrics& metrics = host->metrics();
  for (size_t number = 1; number <= shard_metrics::stalls_max + 2; ++number) metrics.add_stall(std::to_string(number));
  EXPECT_EQ(metrics.stalls().front(), "3");
  EXPECT_EQ(metrics.stalls().back(), std::to_string(shard_metrics::stalls_max + 2));
}

TEST(shard_metrics, of_a_new_thread_know_nothing_of_the_one_before) {
  answering_host host;
  shard_metrics& metrics = host->metrics();
  metrics.set_log_name(0, "log");
  metrics.add_stall("stall");
  metrics.classes[3].used.set(1);
  metrics.clear();
  EXPECT_EQ(metrics.logs_known(), 0u);
  EXPECT_EQ(metrics.log_name(0), "");
  EXPECT_EQ(metrics.stalls().back(), "");
  EXPECT_EQ(metrics.classes[3].used, 0u);
}

TEST(shard_metrics, may_be_read_by_any_thread_while_shards_work_and_end) {
  std::atomic<shard_id> known{no_shard};
  std::atomic<bool> done{false};
  uint64_t seen = 0;
  std::thread reader([&] {
    while (!done.load()) {
      const shard_id id = known.load();
      shard* found = id == no_shard ? nullptr : mesh::get().at(id);
      if (found == nullptr || !found->attached()) continue;
      uint64_t within[2];
      seen += found->metrics().lane_waits.cumulate(10, within) + found->metrics().lane_waits.quantile_ns(0.5);
      seen += found->metrics().io_names().count + found->metrics().published[0] + found->sent_to(0);
      seen += found->metrics().log_name(0).size() + found->metrics().stalls().back().size();
    }
  });
  for (int life = 0; life < 20; ++life) {
    answering_host one, two;
    known.store(one->id());
    one->metrics().add_io_name("default");
    one->metrics().set_log_name(0, "log");
    for (int round = 0; round < 20; ++round) {
      one.send(two->ref(), 10);
      one.turn();
      two.turn();
      one.turn();
      one->metrics().published[0].add(1);
      one->metrics().add_stall("stall");
    }
  }
  done.store(true);
  reader.join();
  EXPECT_GT(seen, 0u);
}

}  // namespace
}  // namespace corebuf
