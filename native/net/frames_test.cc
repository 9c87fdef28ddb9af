#include "net/frames.h"

#include <gtest/gtest.h>

#include "base/fuzz_test_support.h"
#include "buffer/buffer_host_test_support.h"

namespace corebuf {
namespace {

class frames_test : public testing::Test {
 protected:
  /// A chain of these bytes, in fragments of `piece` bytes each.
  void fill(iobuf& chain, const std::string& bytes, size_t piece) {
    iobuf whole;
    ASSERT_TRUE(whole.append(*host_, bytes_of(bytes)));
    for (size_t at = 0; at < bytes.size(); at += piece) {
      ASSERT_TRUE(whole.share(*host_, at, std::min(piece, bytes.size() - at), chain));
    }
    whole.release(*host_);
  }

  std::string take(iobuf& chain, size_t bytes, const frame_layout& layout) {
    iobuf frame;
    EXPECT_TRUE(take_frame(*host_, chain, bytes, layout, frame));
    std::string text(frame.length(), '\0');
    frame.copy_out(0, std::as_writable_bytes(std::span(text)));
    frame.release(*host_);
    return text;
  }

  void expect_front(const iobuf& chain, const frame_layout& layout, frame_state state, uint64_t bytes) {
    const frame_front front = frame_in_front(chain, layout);
    EXPECT_EQ(front.state, state);
    EXPECT_EQ(front.bytes, bytes);
  }

  buffer_host host_;
  acting_as here_{host_->id()};
};

using namespace std::string_literals;

TEST_F(frames_test, frames_are_found_and_taken_however_they_are_cut) {
  const std::string bytes = "\0\3one\0\0\0\5three\0"s;
  const frame_layout layout = {.length_bytes = 2, .length_max = 10};
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    iobuf chain;
    fill(chain, bytes, piece);
    expect_front(chain, layout, frame_state::whole, 5);
    EXPECT_EQ(take(chain, 5, layout), "one");
    expect_front(chain, layout, frame_state::whole, 2);
    EXPECT_EQ(take(chain, 2, layout), "");
    expect_front(chain, layout, frame_state::whole, 7);
    EXPECT_EQ(take(chain, 7, layout), "three");
    expect_front(chain, layout, frame_state::partial, 2);
    chain.release(*host_);
  }
}

TEST_F(frames_test, a_layout_says_where_the_length_is_and_what_it_counts) {
  iobuf chain;
  fill(chain, "\7\0\0\0abc"s, 3);
  const frame_layout little = {.length_bytes = 4, .little_endian = true, .includes_itself = true, .keep_length = true, .length_max = 3};
  expect_front(chain, little, frame_state::whole, 7);
  expect_front(chain, {.length_bytes = 1, .length_max = 7}, frame_state::partial, 8);
  EXPECT_EQ(take(chain, 7, little), "\7\0\0\0abc"s);
}

TEST_F(frames_test, a_length_that_is_too_large_or_less_than_its_field_is_wrong) {
  iobuf chain;
  fill(chain, "\0\0\0\3abc"s, 7);
  expect_front(chain, {.length_max = 2}, frame_state::wrong, 3);
  expect_front(chain, {.includes_itself = true, .length_max = 100}, frame_state::wrong, 3);
  chain.release(*host_);
  fill(chain, "\xff\xff\xff\xff"s, 2);
  expect_front(chain, {.length_max = 0xffffffff}, frame_state::partial, (uint64_t{1} << 32) + 3);
  expect_front(chain, {.length_max = 0xfffffffe}, frame_state::wrong, 0xffffffff);
  chain.release(*host_);
}

TEST_F(frames_test, nothing_has_changed_when_memory_is_short) {
  iobuf chain, frame;
  fill(chain, "\0\3onetwo"s, 8);
  host_->heap().fail_in(1);
  EXPECT_FALSE(take_frame(*host_, chain, 5, {.length_bytes = 2, .length_max = 10}, frame));
  host_->heap().fail_in(0);
  EXPECT_TRUE(frame.empty());
  EXPECT_EQ(chain.length(), 8u);
  chain.release(*host_);
}

}  // namespace
}  // namespace corebuf
