#include "net/descriptor_transit.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "net/os_socket.h"

namespace corebuf {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

struct socket_of_test {
  socket_of_test() {
    EXPECT_EQ(os_socket::pair(descriptor, other), 0);
    number = descriptor.get();
  }
  unique_fd descriptor, other;
  int number = -1;
};

TEST(descriptor_transit, a_ticket_is_good_once) {
  descriptor_transit transit;
  socket_of_test socket;
  const uint64_t ticket = transit.leave(std::move(socket.descriptor), {1, 1});
  EXPECT_FALSE(transit.take(ticket + 1).valid());
  unique_fd taken = transit.take(ticket);
  EXPECT_EQ(taken.get(), socket.number);
  EXPECT_FALSE(transit.take(ticket).valid());
  EXPECT_EQ(transit.size(), 0u);
}

TEST(descriptor_transit, what_nobody_took_is_closed_when_its_sender_ends) {
  descriptor_transit transit;
  socket_of_test one, other;
  const uint64_t of_one = transit.leave(std::move(one.descriptor), {1, 1});
  const uint64_t of_other = transit.leave(std::move(other.descriptor), {1, 2});
  transit.drop_those_of({1, 1});
  EXPECT_FALSE(is_open(one.number));
  EXPECT_FALSE(transit.take(of_one).valid());
  EXPECT_TRUE(transit.take(of_other).valid());
}

TEST(descriptor_transit, threads_that_take_the_same_tickets_get_each_descriptor_once) {
  descriptor_transit transit;
  constexpr size_t descriptors = 200;
  std::vector<uint64_t> tickets;
  std::vector<unique_fd> others;
  for (size_t at = 0; at < descriptors; ++at) {
    socket_of_test socket;
    tickets.push_back(transit.leave(std::move(socket.descriptor), {1, 1}));
    others.push_back(std::move(socket.other));
  }
  std::atomic<size_t> taken{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back([&] {
      for (const uint64_t ticket : tickets) {
        if (transit.take(ticket).valid()) ++taken;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(taken, descriptors);
}

}  // namespace
}  // namespace corebuf
