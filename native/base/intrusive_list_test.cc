#include "base/intrusive_list.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <random>
#include <utility>

namespace corebuf {
namespace {

struct element {
  int value = 0;
  element* next = nullptr;
};

std::deque<int> drain(intrusive_list<element>& queue) {
  std::deque<int> values;
  while (element* first = queue.pop_front()) values.push_back(first->value);
  return values;
}

TEST(intrusive_list, is_empty_when_made) {
  intrusive_list<element> queue;
  queue.invariant();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_EQ(queue.front(), nullptr);
  EXPECT_EQ(queue.back(), nullptr);
  EXPECT_EQ(queue.pop_front(), nullptr);
}

TEST(intrusive_list, gives_back_in_the_order_of_pushes) {
  std::array<element, 4> elements{{{0}, {1}, {2}, {3}}};
  intrusive_list<element> queue;
  queue.push_back(&elements[1]);
  queue.push_back(&elements[2]);
  queue.push_front(&elements[0]);
  queue.push_back(&elements[3]);
  queue.invariant();
  EXPECT_EQ(queue.front(), &elements[0]);
  EXPECT_EQ(queue.back(), &elements[3]);
  EXPECT_EQ(drain(queue), (std::deque<int>{0, 1, 2, 3}));
  queue.invariant();
}

TEST(intrusive_list, cuts_the_link_of_what_it_pops) {
  std::array<element, 2> elements;
  intrusive_list<element> queue;
  for (element& e : elements) queue.push_back(&e);
  EXPECT_EQ(queue.pop_front(), &elements[0]);
  EXPECT_EQ(elements[0].next, nullptr);
}

TEST(intrusive_list, adopts_a_run_of_linked_elements_and_cuts_its_end) {
  std::array<element, 3> elements{{{0}, {1}, {2}}};
  elements[0].next = &elements[1];
  elements[1].next = &elements[2];
  intrusive_list<element> queue(&elements[0], &elements[1], 2);
  queue.invariant();
  EXPECT_EQ(drain(queue), (std::deque<int>{0, 1}));
}

TEST(intrusive_list, leaves_the_source_of_a_splice_empty) {
  std::array<element, 4> elements{{{0}, {1}, {2}, {3}}};
  intrusive_list<element> left, right;
  left.push_back(&elements[0]);
  left.push_back(&elements[1]);
  right.push_back(&elements[2]);
  right.push_back(&elements[3]);
  left.splice(std::move(right));
  left.invariant();
  right.invariant();
  EXPECT_TRUE(right.empty());
  EXPECT_EQ(drain(left), (std::deque<int>{0, 1, 2, 3}));
}

TEST(intrusive_list, splices_when_either_side_is_empty) {
  element only{7};
  intrusive_list<element> left, right;
  left.splice(std::move(right));
  EXPECT_TRUE(left.empty());
  right.push_back(&only);
  left.splice(std::move(right));
  left.invariant();
  EXPECT_EQ(left.back(), &only);
  left.splice(std::move(right));
  left.invariant();
  EXPECT_EQ(drain(left), (std::deque<int>{7}));
}

TEST(intrusive_list, leaves_the_source_of_a_move_empty) {
  element only{7};
  intrusive_list<element> source;
  source.push_back(&only);
  intrusive_list<element> target = std::move(source);
  source.invariant();
  EXPECT_TRUE(source.empty());
  source = std::move(target);
  target.invariant();
  EXPECT_EQ(drain(source), (std::deque<int>{7}));
}

TEST(intrusive_list, puts_one_element_in_the_place_of_another) {
  std::array<element, 3> elements{{{0}, {1}, {2}}};
  std::array<element, 3> replacements{{{10}, {11}, {12}}};
  intrusive_list<element> queue;
  for (element& e : elements) queue.push_back(&e);
  queue.replace_after(&elements[0], &replacements[1]);
  queue.replace_after(&replacements[1], &replacements[2]);
  queue.replace_after(nullptr, &replacements[0]);
  queue.invariant();
  EXPECT_EQ(queue.back(), &replacements[2]);
  for (element& e : elements) EXPECT_EQ(e.next, nullptr);
  EXPECT_EQ(drain(queue), (std::deque<int>{10, 11, 12}));
}

TEST(intrusive_list, of_a_derived_type_becomes_a_list_of_its_base) {
  struct derived : element {};
  derived elements[2];
  intrusive_list<derived> source;
  for (derived& e : elements) source.push_back(&e);
  intrusive_list<element> target(std::move(source));
  source.invariant();
  target.invariant();
  EXPECT_TRUE(source.empty());
  EXPECT_EQ(target.front(), &elements[0]);
  EXPECT_EQ(target.back(), &elements[1]);
}

TEST(intrusive_list, behaves_like_a_deque) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  std::array<element, 64> pool;
  intrusive_list<element> unused, ours[2];
  std::deque<int> model[2];
  for (size_t i = 0; i < pool.size(); ++i) pool[i].value = static_cast<int>(i), unused.push_back(&pool[i]);

  for (int step = 0; step < 10'000; ++step) {
    const size_t side = random() % 2;
    switch (random() % 8) {
      case 0: {
        ours[side].splice(std::move(ours[1 - side]));
        model[side].insert(model[side].end(), model[1 - side].begin(), model[1 - side].end());
        model[1 - side].clear();
        break;
      }
      case 1:
      case 2:
      case 3: {
        element* popped = ours[side].pop_front();
        ASSERT_EQ(popped == nullptr, model[side].empty());
        if (popped == nullptr) break;
        ASSERT_EQ(popped->value, model[side].front());
        model[side].pop_front();
        unused.push_back(popped);
        break;
      }
      default: {
        element* pushed = unused.pop_front();
        if (pushed == nullptr) break;
        if (random() % 2 == 0) {
          ours[side].push_back(pushed);
          model[side].push_back(pushed->value);
        } else {
          ours[side].push_front(pushed);
          model[side].push_front(pushed->value);
        }
      }
    }
    for (size_t i : {0, 1}) {
      ours[i].invariant();
      ASSERT_EQ(ours[i].size(), model[i].size());
    }
  }
  for (size_t i : {0, 1}) EXPECT_EQ(drain(ours[i]), model[i]);
}

TEST(intrusive_list_death_test, stops_the_process_when_its_count_is_wrong) {
  std::array<element, 2> elements;
  elements[0].next = &elements[1];
  intrusive_list<element> queue(&elements[0], &elements[1], 3);
  EXPECT_DEATH(queue.invariant(), "broken invariant: seen == size_");
}

}  // namespace
}  // namespace corebuf
