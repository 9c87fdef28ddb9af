#include "base/mpsc_stack.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace corebuf {
namespace {

struct numbered {
  size_t thread = 0;
  size_t number = 0;
  numbered* next = nullptr;
};

TEST(mpsc_stack, is_empty_when_made) {
  mpsc_stack<numbered> stack;
  EXPECT_TRUE(stack.empty());
  EXPECT_TRUE(stack.take_all().empty());
}

TEST(mpsc_stack, gives_everything_at_once_oldest_first) {
  mpsc_stack<numbered> stack;
  numbered elements[3] = {{0, 0}, {0, 1}, {0, 2}};
  for (numbered& e : elements) stack.push(&e);
  intrusive_list<numbered> taken = stack.take_all();
  taken.invariant();
  EXPECT_EQ(taken.size(), 3u);
  for (numbered& e : elements) EXPECT_EQ(taken.pop_front(), &e);
  EXPECT_TRUE(stack.empty());
}

TEST(mpsc_stack, tells_the_pusher_when_the_taker_must_be_woken) {
  mpsc_stack<numbered> stack;
  numbered elements[3];
  EXPECT_TRUE(stack.push(&elements[0]));
  EXPECT_FALSE(stack.push(&elements[1]));
  stack.take_all();
  EXPECT_TRUE(stack.push(&elements[2]));
}

TEST(mpsc_stack, loses_nothing_and_keeps_each_threads_order_while_many_push) {
  constexpr size_t threads_count = 4, pushes = 20'000;
  std::vector<std::vector<numbered>> elements(threads_count, std::vector<numbered>(pushes));
  mpsc_stack<numbered> stack;
  std::atomic<size_t> wakes{0};

  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < threads_count; ++thread) {
    threads.emplace_back([&, thread] {
      for (size_t number = 0; number < pushes; ++number) {
        numbered& pushed = elements[thread][number];
        pushed.thread = thread;  // Plain stores: push must publish them, and ThreadSanitizer checks that.
        pushed.number = number;
        if (stack.push(&pushed)) wakes.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }

  std::vector<size_t> expected(threads_count, 0);
  size_t taken_count = 0, takes = 0;
  while (taken_count < threads_count * pushes) {
    intrusive_list<numbered> taken = stack.take_all();
    if (taken.empty()) {
      std::this_thread::yield();
      continue;
    }
    ++takes;
    taken_count += taken.size();
    while (numbered* e = taken.pop_front()) ASSERT_EQ(e->number, expected[e->thread]++);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(stack.empty());
  EXPECT_EQ(wakes.load(), takes);  // Exactly one wake-up for each time that there was something to take.
}

}  // namespace
}  // namespace corebuf
