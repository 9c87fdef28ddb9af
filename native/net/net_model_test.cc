// Random traffic against plain sockets that another thread drives: each direction is a stream of bytes that both sides can compute,
// so every byte and its place are compared, whatever was split, paused, half-closed or reset on the way.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <random>
#include <thread>

#include "base/fuzz_test_support.h"
#include "net/peer_test_support.h"

namespace corebuf::test {
namespace {

using generator = std::mt19937_64;

constexpr size_t never = SIZE_MAX;

/// One side's part of one conversation.
struct script {
  size_t to_send = 0;
  size_t to_receive = 0;
  size_t sends_from = 0;     // where in letters() what it sends begins
  size_t receives_from = 0;
  size_t reset_after = never;  // bytes sent
};

/// What the two sides of connection `number` do. A tenth of all sides resets on the way.
std::pair<script, script> scripts(generator& random, size_t number) {
  const auto length = [&] { return random() % (random() % 4 == 0 ? 2'000'000 : 60'000); };
  script ours{.to_send = length(), .to_receive = length(), .sends_from = number * 7919, .receives_from = number * 104'729};
  script theirs{ours.to_receive, ours.to_send, ours.receives_from, ours.sends_from};
  for (script* side : {&ours, &theirs}) {
    if (random() % 10 == 0) side->reset_after = random() % (side->to_send + 1);
  }
  return {ours, theirs};
}

/// A plain socket that does its part.
class plain_side {
 public:
  plain_side(peer socket, script part, uint64_t seed) : socket_(std::move(socket)), part_(part), random_(seed) {
    ::fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
  }

  bool done() const { return socket_.get() < 0; }
  size_t received() const { return received_; }
  bool wrong() const { return wrong_; }
  bool resets() const { return part_.reset_after != never; }

  pollfd wants() const {
    const bool sending = !send_ended_;
    return {.fd = socket_.get(), .events = static_cast<short>((ended_ ? 0 : POLLIN) | (sending ? POLLOUT : 0)), .revents = 0};
  }

  void step() {
    if (sent_ >= part_.reset_after) return socket_.reset();
    if (!ended_ && random_() % 3 != 0) receive();
    if (!done() && !send_ended_ && random_() % 2 == 0) send();
    if (!done() && ended_ && send_ended_) socket_.close();
  }

 private:
  void receive() {
    std::string text(1 + random_() % 100'000, '?');
    const ssize_t got = ::recv(socket_.get(), text.data(), text.size(), 0);
    if (got < 0) return failed(errno);
    ended_ = got == 0;
    text.resize(static_cast<size_t>(got));
    wrong_ = wrong_ || text != letters(text.size(), part_.receives_from + received_);
    received_ += text.size();
  }

  void send() {
    const size_t most = std::min(part_.to_send, part_.reset_after) - sent_;
    if (most == 0 && part_.reset_after == never) {
      send_ended_ = true;
      return socket_.end_sending();
    }
    const std::string text = letters(std::min(most, random_() % 30'000), part_.sends_from + sent_);
    const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0) return failed(errno);
    sent_ += static_cast<size_t>(sent);
  }

  void failed(int os_errno) {
    if (os_errno != EAGAIN) socket_.close();
  }

  peer socket_;
  const script part_;
  generator random_;
  size_t sent_ = 0, received_ = 0;
  bool send_ended_ = false, ended_ = false, wrong_ = false;
};

/// The engine's side of one connection.
struct engine_side {
  uint32_t id;
  script part;
  size_t posted = 0, received = 0;
  bool end_posted = false, paused = false, wrong = false;
};

class net_model_test : public net_suite {
 protected:
  /// All peers on one thread, until each has ended.
  static void drive(std::vector<plain_side>& peers) {
    std::vector<pollfd> wanted;
    while (true) {
      wanted.clear();
      for (const plain_side& each : peers) {
        if (!each.done()) wanted.push_back(each.wants());
      }
      if (wanted.empty()) return;
      if (::poll(wanted.data(), wanted.size(), net_host::patience_ms) == 0) return;
      for (plain_side& each : peers) {
        if (!each.done()) each.step();
      }
    }
  }

  void step(engine_side& side, generator& random) {
    consume(side, random);
    if (host.of(side.id).closed) return;
    if (random() % 8 == 0) {
      side.paused = !side.paused;
      host.command(side.paused ? net_command::pause : net_command::resume, side.id);
    }
    if (random() % 16 == 0) host.command(net_command::limit, side.id, static_cast<uint32_t>(1 + random() % 300'000));
    if (side.posted >= side.part.reset_after) return host.command(net_command::reset, side.id);
    post(side, random);
  }

  /// Some of what has come, or all.
  void consume(engine_side& side, generator& random) {
    iobuf& input = host.input(side.id);
    const size_t length = random() % 2 == 0 ? input.length() : random() % (input.length() + 1);
    iobuf front;
    ASSERT_TRUE(input.take_front(*host, length, front));
    const std::string text = text_of(front);
    front.release(*host);
    side.wrong = side.wrong || text != letters(length, side.part.receives_from + side.received);
    side.received += length;
  }

  void post(engine_side& side, generator& random) {
    const size_t most = std::min(side.part.to_send, side.part.reset_after) - side.posted;
    if (most == 0 && side.part.reset_after == never && !side.end_posted) {
      side.end_posted = true;
      host.command(net_command::end, side.id);
    }
    for (size_t parts = random() % 4; parts > 0 && !side.end_posted; --parts) {
      const size_t length = std::min(std::min(side.part.to_send, side.part.reset_after) - side.posted, random() % 40'000);
      host.send(side.id, letters(length, side.part.sends_from + side.posted), random() % 2 == 0);
      side.posted += length;
    }
  }

  /// Both sides had the chance to say everything.
  void compare(engine_side& ours, const plain_side& theirs) {
    iobuf& input = host.input(ours.id);
    ours.wrong = ours.wrong || text_of(input) != letters(input.length(), ours.part.receives_from + ours.received);
    ours.received += input.length();
    EXPECT_FALSE(ours.wrong) << "bytes that the engine received";
    EXPECT_FALSE(theirs.wrong()) << "bytes that the peer received";
    EXPECT_TRUE(host.of(ours.id).closed);
    EXPECT_TRUE(theirs.done());
    EXPECT_EQ(host.of(ours.id).received, ours.received);
  }

  void play(generator& random, size_t connections, net_host& at);
};

void net_model_test::play(generator& random, size_t connections, net_host& at) {
  std::vector<plain_side> theirs;
  std::vector<engine_side> ours;
  for (size_t number = 0; number < connections; ++number) {
    auto [engine_part, peer_part] = scripts(random, number);
    auto [socket, id] = meet(false);
    at.start(id, static_cast<uint32_t>(1 + random() % 400'000));
    ours.push_back({id, engine_part});
    theirs.emplace_back(std::move(socket), peer_part, random());
  }
  std::thread peers([&] { drive(theirs); });
  const auto step_all = [&] {
    bool all_closed = true;
    for (engine_side& each : ours) {
      step(each, random);
      all_closed = all_closed && at.of(each.id).closed;
    }
    return all_closed;
  };
  // While a connection is paused only we can go on; so no turn waits long.
  for (const uint64_t end = net_host::system_us() + 100'000'000; !step_all() && net_host::system_us() < end;) at.turn(1);
  peers.join();
  for (size_t number = 0; number < connections; ++number) {
    SCOPED_TRACE(number);
    compare(ours[number], theirs[number]);
    const script& part = ours[number].part;
    if (part.reset_after != never || theirs[number].resets()) continue;
    EXPECT_EQ(at.of(ours[number].id).os_errno, 0);
    EXPECT_TRUE(at.of(ours[number].id).ended);
    EXPECT_EQ(ours[number].received, part.to_receive);
    EXPECT_EQ(theirs[number].received(), part.to_send);
  }
}

TEST_P(net_model_test, every_byte_arrives_once_and_in_order_until_somebody_resets) {
  auto random = seeded_random();
  host.listen_in_steps_of(net_records_per_socket + random() % 20);
  listen();
  for (size_t round = 0; round < test_ops(20) / 2 + 1; ++round) play(random, 12, host);
  EXPECT_EQ(host.net().stats().connections, 0u);
}

INSTANTIATE_TEST_SUITE_P(on, net_model_test, all_net_setups(), name_of_setup);

}  // namespace
}  // namespace corebuf::test
