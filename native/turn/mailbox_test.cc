#include "turn/mailbox.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "turn/mailbox_test_support.h"

namespace corebuf::test {
namespace {

class mailbox_test : public testing::Test {
 protected:
  void pass() { one.pass(), two.pass(); }

  /// Until nothing moves: a message takes a pass of each side, and its memory another.
  void settle() {
    for (int passes = 0; passes < 4; ++passes) pass();
  }

  /// `two` answers each request as it comes, with the bytes that it was asked with.
  void echo() {
    two.during_batch = [this] {
      for (; answered < two.arrived.size(); ++answered) {
        const arrived_message& request = two.arrived[answered];
        if (request.record.kind != static_cast<uint32_t>(message_kind::request)) continue;
        EXPECT_EQ(two.answer(request.record.token, message_status::ok, request.encoded), error_code::none);
      }
    };
  }

  void TearDown() override {
    settle();
    EXPECT_EQ(one.live(), 0u);
    EXPECT_EQ(two.live(), 0u);
    EXPECT_FALSE(one.loop.alive);
  }

  calling_shard one, two;
  size_t answered = 0;
};

TEST_F(mailbox_test, brings_a_request_and_its_answer) {
  ASSERT_EQ(one.call(two, 7, "arguments"), error_code::none);
  EXPECT_TRUE(one.loop.alive) << "while the answer is awaited";
  pass();
  ASSERT_EQ(two.arrived.size(), 1u);
  const message_record request = two.arrived[0].record;
  EXPECT_EQ(request.kind, static_cast<uint32_t>(message_kind::request));
  EXPECT_EQ(request.from, one.turn.home().id());
  EXPECT_EQ(request.number, 7u);
  EXPECT_EQ(request.method, 1007u);
  EXPECT_EQ(two.arrived[0].encoded, "arguments");
  EXPECT_EQ(two.turn.mail.unanswered(), 1u);

  ASSERT_EQ(two.answer(request.token, message_status::failed, "result"), error_code::none);
  EXPECT_EQ(two.turn.mail.unanswered(), 0u);
  settle();
  ASSERT_EQ(one.arrived.size(), 1u);
  const message_record reply = one.arrived[0].record;
  EXPECT_EQ(reply.kind, static_cast<uint32_t>(message_kind::reply));
  EXPECT_EQ(reply.status, static_cast<uint32_t>(message_status::failed));
  EXPECT_EQ(reply.from, two.turn.home().id());
  EXPECT_EQ(reply.number, 7u);
  EXPECT_EQ(one.arrived[0].encoded, "result");
}

TEST_F(mailbox_test, has_given_back_a_reply_before_microtasks_run) {
  echo();
  ASSERT_EQ(one.call(two, 1, ""), error_code::none);
  bool ran = false;
  one.on_messages.microtasks = [&] {
    ran = true;
    EXPECT_EQ(one.live(), 0u);
    EXPECT_FALSE(one.loop.alive);
  };
  settle();
  EXPECT_TRUE(ran);
}

TEST_F(mailbox_test, puts_an_encoding_that_is_too_long_for_the_message_into_its_payload) {
  const std::string arguments = letters(message::inline_max + 1), result = letters(300'000);
  ASSERT_EQ(one.call(two, 1, arguments), error_code::none);
  std::string received;
  two.during_batch = [&] {
    EXPECT_EQ(two.arrived[0].record.encoded_in_payload, arguments.size());
    received = two.take_encoded(0);
    EXPECT_EQ(two.answer(two.arrived[0].record.token, message_status::ok, result), error_code::none);
  };
  std::string returned;
  one.during_batch = [&] { returned = one.take_encoded(0); };
  settle();
  EXPECT_EQ(received, arguments);
  EXPECT_EQ(returned, result);
}

TEST_F(mailbox_test, gives_no_chain_before_the_encoding) {
  const std::string arguments = letters(message::inline_max + 1);
  one.fill(3, "the chain");
  ASSERT_EQ(one.call(two, 1, arguments, {3}), error_code::none);
  two.during_batch = [&] {
    EXPECT_FALSE(two.claim(0, arguments.size(), 0)) << "that is the encoding";
    EXPECT_EQ(two.take_encoded(0), arguments);
    EXPECT_TRUE(two.claim(0, 9, 0));
    EXPECT_EQ(two.answer(two.arrived[0].record.token, message_status::ok, ""), error_code::none);
  };
  settle();
  EXPECT_EQ(two.take(0), "the chain");
}

TEST_F(mailbox_test, has_no_encoding_behind_an_answer_for_which_memory_was_short) {
  ASSERT_EQ(one.call(two, 1, letters(message::inline_max + 1)), error_code::none);
  two.during_batch = [&] {
    two.act([](shard& here) { here.heap().fail_in(1); });
    EXPECT_EQ(two.answer(two.arrived[0].record.token, message_status::ok, letters(300'000)), error_code::out_of_memory);
    two.act([](shard& here) { here.heap().fail_in(0); });
    EXPECT_EQ(two.take_encoded(0), "");
    EXPECT_EQ(two.answer(two.arrived[0].record.token, message_status::failed, ""), error_code::none);
  };
  settle();
}

TEST_F(mailbox_test, moves_chains_in_the_order_of_the_list) {
  one.fill(3, "the first");
  one.fill(1, "and the second");
  ASSERT_EQ(one.call(two, 1, "", {3, 1}), error_code::none);
  EXPECT_EQ(one.take(3), "") << "moved, not copied";
  std::string first, second;
  two.during_batch = [&] {
    EXPECT_FALSE(two.claim(0, 5, 0)) << "no chain ends there";
    EXPECT_TRUE(two.claim(0, 9, 0));
    EXPECT_TRUE(two.claim(0, 14, 1));
    first = two.take(0);
    second = two.take(1);
    two.fill(2, "an answer");
    EXPECT_EQ(two.answer(two.arrived[0].record.token, message_status::ok, "", {2}), error_code::none);
  };
  one.during_batch = [&] { EXPECT_TRUE(one.claim(0, 9, 5)); };
  settle();
  EXPECT_EQ(first, "the first");
  EXPECT_EQ(second, "and the second");
  EXPECT_EQ(one.take(5), "an answer");
}

TEST_F(mailbox_test, releases_chains_that_nobody_claims) {
  one.fill(0, "not looked at by the callee");
  ASSERT_EQ(one.call(two, 1, "", {0}), error_code::none);
  two.during_batch = [&] {
    two.fill(0, "not looked at by the caller");
    EXPECT_EQ(two.answer(two.arrived[0].record.token, message_status::ok, "", {0}), error_code::none);
  };
  settle();  // TearDown looks at what lives
}

TEST_F(mailbox_test, keeps_the_order_of_requests_and_of_replies) {
  constexpr uint32_t calls = 300;  // more than a lane holds
  echo();
  for (uint32_t number = 0; number < calls; ++number) ASSERT_EQ(one.call(two, number, "x"), error_code::none);
  while (one.arrived.size() < calls) pass();
  for (uint32_t number = 0; number < calls; ++number) {
    ASSERT_EQ(two.arrived[number].record.number, number);
    ASSERT_EQ(one.arrived[number].record.number, number);
  }
}

TEST_F(mailbox_test, uses_the_tokens_of_answered_requests_again) {
  for (uint32_t number = 0; number < 3; ++number) ASSERT_EQ(one.call(two, number, ""), error_code::none);
  pass();
  ASSERT_EQ(two.arrived.size(), 3u);
  const uint32_t freed = two.arrived[1].record.token;
  ASSERT_EQ(two.answer(freed, message_status::ok, ""), error_code::none);
  ASSERT_EQ(one.call(two, 3, ""), error_code::none);
  pass();
  ASSERT_EQ(two.arrived.size(), 4u);
  EXPECT_EQ(two.arrived[3].record.token, freed);
  for (const size_t left : {0, 2, 3}) {
    ASSERT_EQ(two.answer(two.arrived[left].record.token, message_status::ok, ""), error_code::none);
  }
}

TEST_F(mailbox_test, ends_a_turn_of_messages_when_its_time_is_over_and_goes_on_in_the_next) {
  constexpr uint32_t calls = 100;
  echo();
  for (uint32_t number = 0; number < calls; ++number) ASSERT_EQ(one.call(two, number, ""), error_code::none);
  one.pass();
  const auto echoing = two.during_batch;
  two.during_batch = [&] {
    two.clock.work(two.batches.back() * 100'000);  // each takes 100 us
    echoing();
  };
  for (int turn = 0; turn < 3; ++turn) {
    two.pass();
    EXPECT_FALSE(two.may_sleep()) << "messages are left";
  }
  EXPECT_EQ(two.batches, (std::vector<uint32_t>{16, 4, 1, 1, 1})) << "1.6 ms, 0.4 ms, three times 0.1 ms";
  while (one.arrived.size() < calls) pass();
}

TEST_F(mailbox_test, makes_batches_longer_while_messages_take_no_time) {
  constexpr uint32_t calls = 120;
  echo();
  for (uint32_t number = 0; number < calls; ++number) ASSERT_EQ(one.call(two, number, ""), error_code::none);
  one.pass();
  two.pass();
  EXPECT_EQ(two.batches, (std::vector<uint32_t>{16, 32, 64, 8}));
}

TEST_F(mailbox_test, delivers_replies_beside_a_flood_of_requests) {
  echo();
  ASSERT_EQ(one.call(two, 0, ""), error_code::none);
  pass();
  for (uint32_t number = 1; number <= 100; ++number) ASSERT_EQ(two.call(one, number, ""), error_code::none);
  two.pass();
  one.pass();
  ASSERT_GT(one.arrived.size(), 1u);
  EXPECT_EQ(one.arrived[0].record.kind, static_cast<uint32_t>(message_kind::reply));
  for (const arrived_message& got : std::vector(one.arrived.begin() + 1, one.arrived.end())) {
    ASSERT_EQ(one.answer(got.record.token, message_status::ok, ""), error_code::none);
  }
}

TEST_F(mailbox_test, changes_nothing_when_memory_for_a_request_is_short) {
  one.fill(0, "stays");
  const std::string large = letters(message::inline_max + 1);
  for (uint64_t allocation = 1; allocation <= 2; ++allocation) {
    one.turn.home().heap().fail_in(allocation);
    EXPECT_EQ(one.call(two, 1, large, {0}), error_code::out_of_memory);
  }
  one.turn.home().heap().fail_in(0);
  EXPECT_FALSE(one.loop.alive);
  EXPECT_EQ(one.take(0), "stays");
}

TEST_F(mailbox_test, can_answer_again_when_memory_for_an_answer_was_short) {
  ASSERT_EQ(one.call(two, 1, ""), error_code::none);
  pass();
  const uint32_t token = two.arrived[0].record.token;
  two.fill(0, "stays");
  two.turn.home().heap().fail_in(1);
  EXPECT_EQ(two.answer(token, message_status::ok, letters(message::inline_max + 1), {0}),
            error_code::out_of_memory);
  two.turn.home().heap().fail_in(0);
  EXPECT_EQ(two.take(0), "stays");
  EXPECT_EQ(two.answer(token, message_status::failed, "short"), error_code::none);
}

TEST_F(mailbox_test, releases_the_chains_of_a_request_to_a_shard_that_is_gone) {
  shard_ref gone;
  {
    calling_shard third;
    gone = third.turn.home().ref();
  }
  one.fill(0, "released");
  EXPECT_EQ(one.send_to(gone, 1, "", {0}), error_code::shard_gone);
  EXPECT_EQ(one.take(0), "");
  EXPECT_FALSE(one.loop.alive);
}

TEST_F(mailbox_test, answers_gone_to_all_that_a_thread_leaves_unanswered) {
  {
    calling_shard third;
    ASSERT_EQ(one.call(third, 1, ""), error_code::none);  // delivered
    one.pass();
    third.pass();
    ASSERT_EQ(one.call(third, 2, ""), error_code::none);  // in the lane
    one.pass();
    one.fill(0, "comes home");
    ASSERT_EQ(one.call(third, 3, "", {0}), error_code::none);  // in the outbox
    EXPECT_EQ(third.turn.mail.unanswered(), 1u);
  }
  settle();
  ASSERT_EQ(one.arrived.size(), 3u);
  for (const arrived_message& reply : one.arrived) {
    EXPECT_EQ(reply.record.status, static_cast<uint32_t>(message_status::gone));
  }
}

/// Each thread calls the other and answers it, asleep in poll() whenever there is nothing to do.
TEST(mailbox_threads_test, wake_each_other_until_every_call_is_answered) {
  constexpr uint32_t calls = 2000, in_flight = 8;
  struct side {
    shard_ref ref;
    bool ready = false;
  };
  std::mutex lock;
  std::condition_variable changed;
  std::array<side, 2> sides;
  size_t finished = 0;
  const auto run = [&](size_t own) {
    calling_shard self;
    shard_ref other;
    {
      std::unique_lock guard(lock);
      sides[own] = {self.turn.home().ref(), true};
      changed.notify_all();
      changed.wait(guard, [&] { return sides[0].ready && sides[1].ready; });
      other = sides[1 - own].ref;
    }
    uint32_t asked = 0, replies = 0, served = 0;
    const auto ask = [&] {
      for (; asked < calls && asked - replies < in_flight; ++asked) {
        EXPECT_EQ(self.send_to(other, asked, "echo"), error_code::none);
      }
    };
    self.during_batch = [&] {
      for (const arrived_message& got : self.arrived) {
        if (got.record.kind == static_cast<uint32_t>(message_kind::reply)) {
          EXPECT_EQ(got.record.number, replies++);
          EXPECT_EQ(got.encoded, "echo");
        } else {
          ++served;
          EXPECT_EQ(self.answer(got.record.token, message_status::ok, got.encoded), error_code::none);
        }
      }
      self.arrived.clear();
      ask();  // within the turn: a thread that sleeps sends nothing
    };
    ask();
    while (replies < calls || served < calls) self.pass(true);
    std::unique_lock guard(lock);
    ++finished;
    changed.notify_all();
    changed.wait(guard, [&] { return finished == 2; });  // neither is gone while the other awaits an answer
  };
  std::thread other(run, 1);
  run(0);
  other.join();
}

}  // namespace
}  // namespace corebuf::test
