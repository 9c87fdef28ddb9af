#include "net/connection_table.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/fuzz_test_support.h"
#include "buffer/buffer_host_test_support.h"

namespace corebuf {
namespace {

class connection_table_test : public testing::Test {
 protected:
  buffer_host host_{2 * MiB};
  acting_as here_{host_->id()};
};

TEST_F(connection_table_test, an_id_finds_its_connection_until_that_is_freed) {
  connection_table table(*host_);
  connection* made = table.make();
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(table.find(made->id), made);
  const uint32_t id = made->id;
  table.free(*made);
  EXPECT_EQ(table.find(id), nullptr);
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(connection_table_test, an_index_that_is_used_again_gets_another_id) {
  connection_table table(*host_);
  std::set<uint32_t> seen;
  constexpr size_t generations = (1U << connection_generation_bits) - 1;
  for (size_t round = 0; round < generations; ++round) {
    connection* made = table.make();
    EXPECT_TRUE(seen.insert(made->id).second);
    EXPECT_EQ(made->id & (connections_max - 1), 0u);
    EXPECT_LT(made->id, 1U << 31);
    table.free(*made);
  }
  EXPECT_EQ(seen.count(no_socket), 0u);
  connection* again = table.make();
  EXPECT_EQ(seen.count(again->id), 1u);
  table.free(*again);
}

TEST_F(connection_table_test, ids_that_never_were_find_nothing) {
  connection_table table(*host_);
  connection* made = table.make();
  for (const uint32_t id : {no_socket, made->id + 1, made->id ^ (1U << connection_index_bits), UINT32_MAX}) {
    EXPECT_EQ(table.find(id), nullptr) << id;
  }
  table.free(*made);
}

TEST_F(connection_table_test, when_the_budget_is_spent_there_is_none_and_nothing_is_lost) {
  connection_table table(*host_);
  std::vector<connection*> all;
  while (connection* made = table.make()) all.push_back(made);
  EXPECT_GT(all.size(), 1000u);
  table.invariant();
  for (connection* each : all) table.free(*each);
  connection* made = table.make();
  ASSERT_NE(made, nullptr);
  table.free(*made);
  table.invariant();
}

TEST_F(connection_table_test, it_does_what_a_map_does) {
  auto random = seeded_random();
  connection_table table(*host_);
  std::map<uint32_t, connection*> model;
  for (size_t step = 0; step < test_ops(20'000); ++step) {
    if (model.empty() || random() % 5 < 3) {
      connection* made = table.make();
      ASSERT_NE(made, nullptr);
      ASSERT_TRUE(model.emplace(made->id, made).second);
    } else {
      const auto gone = std::next(model.begin(), static_cast<ptrdiff_t>(random() % model.size()));
      table.free(*gone->second);
      EXPECT_EQ(table.find(gone->first), nullptr);
      model.erase(gone);
    }
    if (model.size() > 200) {
      for (const auto& [id, at] : model) {
        EXPECT_EQ(table.find(id), at);
        table.free(*at);
      }
      model.clear();
    }
    EXPECT_EQ(table.size(), model.size());
  }
  size_t seen = 0;
  table.each([&](connection& each) { ++seen, table.free(each); });
  EXPECT_EQ(seen, model.size());
  table.invariant();
  EXPECT_EQ(host_.live(), 0u);
}

}  // namespace
}  // namespace corebuf
