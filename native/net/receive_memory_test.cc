#include "net/receive_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>

#include "base/fuzz_test_support.h"
#include "buffer/buffer_host_test_support.h"

namespace corebuf {
namespace {

class receive_memory_test : public testing::Test {
 protected:
  /// As the kernel does: `text` comes into the room, as much as fits. Returns what did not.
  std::string_view arrive(receive_memory& memory, std::string_view text, iobuf& input, bool generous = true) {
    const auto room = memory.room(text.size(), generous);
    size_t used = 0;
    for (const iovec& each : room) {
      const size_t length = std::min(each.iov_len, text.size() - used);
      std::memcpy(each.iov_base, text.data() + used, length);
      used += length;
    }
    if (used > 0) memory.received(used, input);
    input.invariant();
    return text.substr(used);
  }

  void arrive_all(receive_memory& memory, std::string_view text, iobuf& input) {
    while (!text.empty()) text = arrive(memory, text, input);
  }

  size_t copied() { return host_->ledger_here().copied[static_cast<size_t>(copy_kind::receive)]; }

  buffer_host host_{256 * MiB};
  acting_as here_{host_->id()};
};

TEST_F(receive_memory_test, large_pieces_become_fragments_where_they_are) {
  receive_memory memory(*host_);
  iobuf one, other;
  arrive_all(memory, letters(5000), one);
  arrive_all(memory, letters(6000, 1), other);
  EXPECT_EQ(one.fragment_count(), 1u);
  EXPECT_EQ(one.front()->of, other.front()->of) << "both lie in one buffer";
  EXPECT_EQ(text_of(one), letters(5000));
  EXPECT_EQ(text_of(other), letters(6000, 1));
  EXPECT_EQ(copied(), 0u);
  one.release(*host_);
  other.release(*host_);
}

TEST_F(receive_memory_test, what_follows_in_memory_grows_the_last_fragment) {
  receive_memory memory(*host_);
  iobuf input;
  arrive_all(memory, letters(5000), input);
  arrive_all(memory, letters(10, 7), input);
  arrive_all(memory, letters(5000, 9), input);
  EXPECT_EQ(input.fragment_count(), 1u);
  EXPECT_EQ(text_of(input), letters(5000) + letters(10, 7) + letters(5000, 9));
  EXPECT_EQ(copied(), 0u);
  input.release(*host_);
}

TEST_F(receive_memory_test, small_pieces_are_copied_and_hold_no_receive_buffer) {
  receive_memory memory(*host_);
  std::deque<iobuf> inputs(1000);
  for (iobuf& each : inputs) arrive_all(memory, letters(100), each);
  EXPECT_EQ(copied(), 100'000u);
  memory.release();
  EXPECT_LT(host_->heap().used(), inputs.size() * 1024) << "no buffer of 64 KiB is held";
  for (iobuf& each : inputs) {
    EXPECT_EQ(text_of(each), letters(100));
    each.release(*host_);
  }
}

TEST_F(receive_memory_test, a_piece_of_just_more_than_the_bound_is_not_copied) {
  receive_memory memory(*host_);
  iobuf at_bound, beyond;
  arrive_all(memory, letters(receive_copied_max), at_bound);
  EXPECT_EQ(copied(), receive_copied_max);
  arrive_all(memory, letters(receive_copied_max + 1), beyond);
  EXPECT_EQ(copied(), receive_copied_max);
  at_bound.release(*host_);
  beyond.release(*host_);
}

TEST_F(receive_memory_test, more_than_one_buffer_is_filled_only_when_much_is_expected) {
  receive_memory memory(*host_);
  EXPECT_EQ(memory.room(1 * MiB, false).size(), 1u);
  EXPECT_EQ(memory.room(1 * MiB, true).size(), receive_buffers_max);
  iobuf input;
  EXPECT_EQ(arrive(memory, letters(300'000), input).size(), 300'000 - receive_buffers_max * receive_buffer_max);
  EXPECT_EQ(input.fragment_count(), receive_buffers_max);
  EXPECT_EQ(text_of(input), letters(receive_buffers_max * receive_buffer_max));
  input.release(*host_);
}

TEST_F(receive_memory_test, a_buffer_that_was_freed_last_is_filled_next) {
  receive_memory memory(*host_);
  iobuf input;
  arrive_all(memory, letters(receive_buffer_max), input);
  const std::byte* used = input.front()->data;
  for (int round = 0; round < 100; ++round) {
    input.release(*host_);
    arrive_all(memory, letters(receive_buffer_max), input);
    ASSERT_EQ(input.front()->data, used) << round;
  }
  input.release(*host_);
}

TEST_F(receive_memory_test, the_rest_of_a_buffer_that_is_too_small_is_given_up) {
  receive_memory memory(*host_);
  iobuf input;
  arrive_all(memory, letters(receive_buffer_max - 100), input);
  EXPECT_GE(memory.room(64, false)[0].iov_len, 64u);
  arrive_all(memory, letters(2000), input);
  EXPECT_EQ(input.fragment_count(), 2u) << "the second piece is in another buffer, whole";
  input.release(*host_);
}

TEST_F(receive_memory_test, a_small_shard_has_small_buffers) {
  EXPECT_EQ(receive_memory(*host_).buffer_size(), receive_buffer_max);
  buffer_host small(2 * MiB);
  const acting_as there(small->id());
  EXPECT_EQ(receive_memory(*small).buffer_size(), 8 * KiB);
}

TEST_F(receive_memory_test, idle_memory_goes_back) {
  receive_memory memory(*host_);
  memory.room(1 * MiB, true);
  memory.trim();
  EXPECT_LE(host_->heap().used(), receive_buffer_max + 1024);
  memory.release();
  EXPECT_EQ(host_.live(), 0u);
}

TEST_F(receive_memory_test, wherever_memory_runs_out_no_byte_that_came_is_lost) {
  for (uint64_t fail_in = 1; fail_in < 40; ++fail_in) {
    receive_memory memory(*host_);
    iobuf input;
    std::string expected;
    host_->heap().fail_in(fail_in);
    for (const size_t length : {5000, 100, 70'000, 900, 1200, 1, 64'000, 30'000}) {
      const std::string text = letters(length, length);
      const std::string_view left = arrive(memory, text, input);
      expected += text.substr(0, length - left.size());
    }
    host_->heap().fail_in(0);
    EXPECT_EQ(text_of(input), expected) << fail_in;
    input.release(*host_);
    memory.release();
    ASSERT_EQ(host_.live(), 0u) << fail_in;
  }
}

TEST_F(receive_memory_test, chains_of_many_connections_hold_what_each_was_sent) {
  auto random = seeded_random();
  receive_memory memory(*host_);
  std::deque<iobuf> inputs(20);
  std::vector<std::string> model(inputs.size());
  for (size_t step = 0; step < test_ops(20'000); ++step) {
    const size_t at = random() % inputs.size();
    const size_t length = 1 + (random() % 8 == 0 ? random() % 300'000 : random() % 3000);
    const std::string text = letters(length, random() % 1000);
    model[at] += text.substr(0, length - arrive(memory, text, inputs[at], random() % 2 == 0).size());
    if (random() % 16 == 0) memory.trim();
    const size_t gone = random() % (model[at].size() + 1);
    if (random() % 2 == 0) {
      inputs[at].trim_front(*host_, gone);
      model[at].erase(0, gone);
    }
    ASSERT_EQ(inputs[at].length(), model[at].size());
    if (step % 16 == 0) {
      ASSERT_EQ(text_of(inputs[at]), model[at]);
    }
  }
  for (iobuf& each : inputs) each.release(*host_);
  memory.release();
  EXPECT_EQ(host_.live(), 0u);
}

}  // namespace
}  // namespace corebuf
