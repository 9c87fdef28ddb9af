// Sockets in whole turns: commands that JavaScript has listed, events that it is told of, and sleeping in between.
#include "turn/socket_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <vector>

#include "net/lone_connection.h"
#include "net/peer_test_support.h"
#include "turn/turn_test_support.h"

namespace corebuf::test {
namespace {

constexpr uint32_t limit = 1 << 20;

/// A shard whose JavaScript is this test: it writes commands and reads events.
class serving_shard : public turning_shard {
 public:
  serving_shard() {
    on_sockets.function = [this](uint32_t count) {
      ++callbacks;
      for (uint32_t at = 0; at < count; ++at) {
        net_event_record record;
        std::memcpy(&record, turn.area.incoming + at * sizeof record, sizeof record);
        events.push_back(record);
        on_event(record);
      }
    };
  }

  net_engine& engine() {
    return *act([&](shard& here) { return turn.sockets.engine(here, loop).value(); });
  }

  socket_address listen() {
    net_engine& net = engine();
    const uint32_t listener = act([&](shard&) { return net.listen(any_port(), {}).value(); });
    return net.address(address_kind::listener, listener).value();
  }

  /// As JavaScript does it: into the list, without a call.
  void list(net_command op, uint32_t socket, uint32_t a = 0, uint32_t b = 0) {
    command_header header;
    std::memcpy(&header, commands(), sizeof header);
    const net_command_record record{op, socket, a, b};
    std::memcpy(commands() + sizeof header + header.count * sizeof record, &record, sizeof record);
    ++header.count;
    std::memcpy(commands(), &header, sizeof header);
  }
  command_header header() {
    command_header header;
    std::memcpy(&header, commands(), sizeof header);
    return header;
  }

  template <typename Done>
  [[nodiscard]] bool pass_until(Done done) {
    for (int passes = 0; passes < 10'000 && !done(); ++passes) pass(true);
    return done();
  }
  const net_event_record* find(net_event kind) const {
    for (const net_event_record& each : events) {
      if (each.kind == kind) return &each;
    }
    return nullptr;
  }

  std::function<void(const net_event_record&)> on_event = [](const net_event_record&) {};
  std::vector<net_event_record> events;
  int callbacks = 0;
};

TEST(socket_table_test, a_shard_without_sockets_has_no_engine_and_sleeps) {
  serving_shard self;
  self.pass();
  EXPECT_TRUE(self.may_sleep());
  EXPECT_EQ(self.turn.sockets.engine_if_open(), nullptr);
  EXPECT_EQ(self.turn.sockets.sleep_ms(), UINT64_MAX);
}

TEST(socket_table_test, an_echo_takes_one_callback_a_turn_and_no_call) {
  serving_shard self;
  const socket_address address = self.listen();
  peer client = peer::connect(address);
  self.on_event = [&](const net_event_record& event) {
    if (event.kind == net_event::accepted) self.list(net_command::start, event.socket, 7, limit);
    if (event.kind == net_event::received) self.list(net_command::send, event.socket, 7);
  };
  client.write("hello");
  ASSERT_TRUE(self.pass_until([&] { return self.find(net_event::received) != nullptr; }));
  EXPECT_EQ(client.read(5), "hello") << "the flush before polling has sent it";
  EXPECT_EQ(self.callbacks, 2);
  EXPECT_EQ(self.header().count, 0u);
  EXPECT_GT(self.header().flushes, 0u);
  self.pass();
  EXPECT_TRUE(self.may_sleep());
}

TEST(socket_table_test, what_one_connection_alone_asks_is_answered_before_the_pass_ends) {
  serving_shard self;
  peer client = peer::connect(self.listen());
  self.on_event = [&](const net_event_record& event) {
    if (event.kind == net_event::accepted) self.list(net_command::start, event.socket, 7, limit);
    if (event.kind == net_event::received) self.list(net_command::send, event.socket, 7);
  };
  for (uint32_t round = 0; round <= lone_connection::sure_after; ++round) {
    self.events.clear();
    client.write("ping");
    ASSERT_TRUE(self.pass_until([&] { return self.find(net_event::received) != nullptr; }));
    ASSERT_EQ(client.read(4), "ping");
  }
  const uint64_t polls = self.engine().stats().polls;
  client.write("ping");
  self.act([&](shard&) {
    self.loop.poll(true);
    self.turn.after_poll();
  });
  EXPECT_EQ(client.read(4), "ping") << "nothing was flushed before a poll";
  EXPECT_EQ(self.engine().stats().polls, polls) << "the loop has watched it";
}

TEST(socket_table_test, an_input_that_was_taken_while_the_thread_polled_gets_nothing_more) {
  for (const uint32_t rounds : {0U, lone_connection::sure_after + 1}) {
    serving_shard self;
    peer client = peer::connect(self.listen());
    ASSERT_TRUE(self.pass_until([&] { return self.find(net_event::accepted) != nullptr; }));
    const uint32_t id = self.find(net_event::accepted)->socket;
    self.list(net_command::start, id, 7, limit);
    self.pass();
    for (uint32_t round = 0; round < rounds; ++round) {
      self.events.clear();
      client.write("x");
      ASSERT_TRUE(self.pass_until([&] { return self.find(net_event::received) != nullptr; }));
    }
    EXPECT_EQ(self.take(7).size(), rounds);
    client.write("for another chain");
    self.act([&](shard&) { self.loop.poll(true); });
    self.list(net_command::input, id, 8);  // As a callback of something else does.
    self.act([&](shard&) { self.turn.after_poll(); });
    EXPECT_EQ(self.take(7), "") << rounds;
    EXPECT_EQ(self.take(8), "for another chain") << rounds;
  }
}

TEST(socket_table_test, a_command_with_a_slot_that_does_not_exist_does_nothing) {
  serving_shard self;
  peer client = peer::connect(self.listen());
  ASSERT_TRUE(self.pass_until([&] { return self.find(net_event::accepted) != nullptr; }));
  const uint32_t id = self.find(net_event::accepted)->socket;
  self.list(net_command::start, id, 1, limit);
  const auto slots = static_cast<uint32_t>(self.turn.handles.slots());
  for (const uint32_t slot : {slots, slots + 1, no_slot}) {
    for (const net_command op : {net_command::start, net_command::input, net_command::send}) self.list(op, id, slot, limit);
    self.list(net_command::send, 12345, slot);
  }
  self.pass();
  client.write("question");
  ASSERT_TRUE(self.pass_until([&] { return self.find(net_event::received) != nullptr; }));
  EXPECT_EQ(self.turn.handles.to_change(1).bytes.length(), 8u);
}

TEST(socket_table_test, a_list_that_claims_too_many_commands_ends_where_its_memory_does) {
  serving_shard self;
  self.listen();
  const command_header lying = {.count = UINT32_MAX, .obeyed = 0, .flushes = 0, .unused = 0};
  std::memcpy(self.commands(), &lying, sizeof lying);
  self.pass();
  EXPECT_EQ(self.header().count, 0u);
  EXPECT_EQ(self.header().obeyed, 1u);
}

TEST(socket_table_test, the_loop_is_held_once_and_let_go_when_the_thread_ends) {
  serving_shard self;
  for (int calls = 0; calls < 2; ++calls) self.turn.sockets.hold(self.loop, true);
  EXPECT_TRUE(self.loop.alive);
  self.turn.sockets.hold(self.loop, false);
  EXPECT_FALSE(self.loop.alive);
  self.turn.sockets.hold(self.loop, false);
  self.turn.sockets.hold(self.loop, true);
  self.act([&](shard&) { self.turn.sockets.shut(self.loop); });
  EXPECT_FALSE(self.loop.alive);
}

TEST(socket_table_test, bytes_that_javascript_has_written_into_slack_are_sent_too) {
  serving_shard self;
  peer client = peer::connect(self.listen());
  ASSERT_TRUE(self.pass_until([&] { return self.find(net_event::accepted) != nullptr; }));
  const uint32_t id = self.find(net_event::accepted)->socket;
  self.list(net_command::start, id, 1, limit);
  self.fill(2, "written by C++");
  handle& of = self.turn.handles.to_change(2);
  std::memcpy(of.bytes.slack().data(), ", and by JavaScript", 19);
  of.pending = 19;
  self.list(net_command::send, id, 2);
  self.pass();
  EXPECT_EQ(client.read(33), "written by C++, and by JavaScript");
}

TEST(socket_table_test, news_of_a_flush_is_told_without_sleeping) {
  serving_shard self;
  peer client = peer::connect(self.listen());
  ASSERT_TRUE(self.pass_until([&] { return self.find(net_event::accepted) != nullptr; }));
  const uint32_t id = self.find(net_event::accepted)->socket;
  self.list(net_command::start, id, 1, limit);
  self.fill(2, "sent");
  self.list(net_command::send, id, 2, 1);
  self.pass();
  EXPECT_FALSE(self.may_sleep());
  self.pass();
  ASSERT_NE(self.find(net_event::sent), nullptr);
  EXPECT_EQ(self.find(net_event::sent)->low, 4u);
  EXPECT_TRUE(self.may_sleep());
}

TEST(socket_table_test, slow_javascript_is_told_of_the_rest_in_the_next_turn) {
  serving_shard self;
  const socket_address address = self.listen();
  constexpr size_t clients = 100;
  std::vector<peer> peers;
  for (size_t at = 0; at < clients; ++at) peers.push_back(peer::connect(address));
  self.on_event = [&](const net_event_record&) { self.clock.work(100'000); };
  size_t turns = 0, told = 0;
  while (self.events.size() < clients && turns < 1000) {
    told = self.events.size();
    self.pass(true);
    ++turns;
    EXPECT_LE(self.events.size() - told, 16u);
    EXPECT_FALSE(self.may_sleep() && self.turn.sockets.has_news());
  }
  EXPECT_EQ(self.events.size(), clients);
  EXPECT_GT(turns, clients / 16);
}

TEST(socket_table_test, a_thread_sleeps_no_longer_than_an_idle_limit) {
  serving_shard self;
  peer client = peer::connect(self.listen());
  ASSERT_TRUE(self.pass_until([&] { return self.find(net_event::accepted) != nullptr; }));
  const uint32_t id = self.find(net_event::accepted)->socket;
  self.list(net_command::start, id, 1, limit);
  self.list(net_command::idle_limit, id, 5000);
  self.act([&](shard& here) {
    open_handle chain(here, self.turn.handles.to_change(2));
    while (chain->length() < 16 * MiB) ASSERT_TRUE(chain->append(here, bytes_of(letters(100'000))));
  });
  self.list(net_command::send, id, 2);
  for (int passes = 0; passes < 200; ++passes) self.pass();
  ASSERT_TRUE(self.may_sleep());
  EXPECT_LE(self.turn.sockets.sleep_ms(), 5000u);
  EXPECT_GT(self.turn.sockets.sleep_ms(), 0u);
  self.clock.wait(5'000'000'000);
  self.pass();
  self.pass();
  ASSERT_NE(self.find(net_event::closed), nullptr);
  EXPECT_EQ(self.find(net_event::closed)->low, static_cast<uint32_t>(ETIMEDOUT));
}

TEST(socket_table_test, an_engine_that_the_loop_cannot_watch_is_an_error) {
  serving_shard self;
  self.loop.refuse_watches = true;
  self.act([&](shard& here) { EXPECT_FALSE(self.turn.sockets.engine(here, self.loop).ok()); });
  self.loop.refuse_watches = false;
  self.listen();
}

TEST(socket_table_test, a_thread_that_ends_in_traffic_leaves_nothing_behind) {
  peer client;
  {
    serving_shard self;
    const socket_address address = self.listen();
    client = peer::connect(address);
    self.on_event = [&](const net_event_record& event) {
      if (event.kind == net_event::accepted) self.list(net_command::start, event.socket, 7, limit);
    };
    client.write("half a request");
    ASSERT_TRUE(self.pass_until([&] { return self.find(net_event::received) != nullptr; }));
    self.list(net_command::send, self.find(net_event::received)->socket, 7);
    const shard_heap& heap = self.turn.home().heap();
    self.act([&](shard&) { self.turn.sockets.shut(self.loop); });
    self.act([&](shard& here) { self.turn.handles.release_all(here); });
    EXPECT_EQ(heap.live_objects(), 0u);
  }
  EXPECT_LE(client.end(), 0);
}

}  // namespace
}  // namespace corebuf::test
