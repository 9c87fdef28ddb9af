// The engine answering in C++: what a server costs when no JavaScript has any part in it. One thread, one shard; another poller
// around the engine's stands for the event loop. Prints its port, and for each line of its standard input the processor time it has
// taken, as JSON; ends with its input.
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <deque>

#include "buffer/fragment.h"
#include "net/net_engine.h"
#include "net_options.h"
#include "shard/mesh.h"

namespace corebuf::bench {
namespace {

constexpr uint32_t input_limit = 4 * MiB;

class slots final : public chain_slots {
 public:
  iobuf& open(uint32_t slot, slot_use) override { return chains_[slot]; }
  void close() override {}
  bool has(uint32_t slot) const override { return slot < chains_.size(); }
  size_t length(uint32_t slot) override { return chains_[slot].length(); }
  iobuf& operator[](uint32_t slot) { return chains_[slot]; }
  uint32_t make() {
    chains_.emplace_back();
    return static_cast<uint32_t>(chains_.size() - 1);
  }

 private:
  std::deque<iobuf> chains_;
};

class system_clock final : public net_clock {
  uint64_t now_us() const override {
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::microseconds(1));
  }
};

double processor_us() {
  timespec used;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

/// Prints the processor time; false when the input has ended.
bool answer_input() {
  char line[64];
  if (::read(STDIN_FILENO, line, sizeof line) <= 0) return false;
  std::printf("{\"processor\":%.0f,\"collecting\":0}\n", processor_us());
  std::fflush(stdout);
  return true;
}

class server {
 public:
  server(shard& here, const net_options& options)
      : here_(here), options_(options), engine_(std::move(net_engine::open(here, slots_, poller_kind::automatic, clock_).value())) {
    const auto listener = engine_->listen(options.address(), {.backlog = 4096});
    if (!listener.ok()) {
      std::fprintf(stderr, "net_floor: listen: %s\n", std::strerror(listener.failure().os_errno));
      std::exit(1);
    }
    std::printf("%u\n", engine_->address(address_kind::listener, listener.value()).value().port());
    std::fflush(stdout);
  }

  /// One turn; waits until there is something to do. False when standard input has ended.
  bool turn(int waiting) {
    engine_->obey(commands_);
    commands_.clear();
    const bool idle = engine_->flush();
    epoll_event woken[2];
    const int count = ::epoll_wait(waiting, woken, 2, idle ? -1 : 0);
    for (int at = 0; at < count; ++at) {
      if (woken[at].data.fd == STDIN_FILENO && !answer_input()) return false;
    }
    engine_->reap();
    net_event_record events[256];
    while (const size_t told = engine_->tell(events)) {
      for (size_t at = 0; at < told; ++at) hear(events[at]);
    }
    return true;
  }

  int wake_fd() const { return engine_->wake_fd(); }

 private:
  struct client {
    uint32_t input = 0;
    uint64_t counted = 0;  // bytes of a message that has not come whole
  };

  client& client_of(uint32_t id) {
    const size_t index = id & (connections_max - 1);
    if (clients_.size() <= index) clients_.resize(index + 1);
    return clients_[index];
  }

  void hear(const net_event_record& event) {
    client& of = client_of(event.socket);
    switch (event.kind) {
      case net_event::accepted:
        of = {.input = take_slot(), .counted = 0};
        commands_.push_back({net_command::no_delay, event.socket, 1, 0});
        return commands_.push_back({net_command::start, event.socket, of.input, input_limit});
      case net_event::received: return answer(event.socket, of, event.low);
      case net_event::ended: return commands_.push_back({net_command::finish, event.socket, 0, 0});
      case net_event::closed:
        slots_[of.input].release(here_);
        return slots_free_.push_back(of.input);
      default: return;
    }
  }

  void answer(uint32_t id, client& of, size_t bytes) {
    switch (options_.mode) {
      case traffic::echo: return commands_.push_back({net_command::send, id, of.input, 0});
      case traffic::framed: return answer_frames(id, of);
      case traffic::ingest:
        slots_[of.input].release(here_);
        of.counted += bytes;
        send_bytes(id, of.counted / options_.size, 1);
        of.counted %= options_.size;
        return;
      case traffic::fetch:
        slots_[of.input].release(here_);
        return send_bytes(id, bytes, options_.size);
    }
  }

  /// Each frame goes back as a chain of its own.
  void answer_frames(uint32_t id, client& of) {
    iobuf& input = slots_[of.input];
    while (input.length() >= prefix_size) {
      std::byte prefix[prefix_size];
      input.copy_out(0, prefix);
      size_t length = prefix_size;
      for (size_t at = 0; at < prefix_size; ++at) length += std::to_integer<size_t>(prefix[at]) << 8 * (prefix_size - 1 - at);
      if (input.length() < length) return;
      send_front(id, input, length);
    }
  }

  void send_front(uint32_t id, iobuf& input, size_t length) {
    const uint32_t slot = take_slot();
    ASSERT(input.take_front(here_, length, slots_[slot]));
    send_slot(id, slot);
  }

  void send_bytes(uint32_t id, size_t answers, size_t size) {
    if (answers == 0) return;
    const uint32_t slot = take_slot();
    std::vector<char> bytes(size);
    payload_.copy(0, 0, bytes.data(), size);
    for (size_t at = 0; at < answers; ++at) ASSERT(slots_[slot].append(here_, std::as_bytes(std::span(bytes))));
    send_slot(id, slot);
  }

  /// Commands are obeyed at once, so that the slot is free again.
  void send_slot(uint32_t id, uint32_t slot) {
    const net_command_record command{net_command::send, id, slot, 0};
    engine_->obey({&command, 1});
    slots_free_.push_back(slot);
  }

  uint32_t take_slot() {
    if (slots_free_.empty()) return slots_.make();
    const uint32_t slot = slots_free_.back();
    slots_free_.pop_back();
    return slot;
  }

  shard& here_;
  const net_options& options_;
  const payload_table payload_;
  const system_clock clock_;
  slots slots_;
  std::unique_ptr<net_engine> engine_;
  std::vector<client> clients_;
  std::vector<uint32_t> slots_free_;
  std::vector<net_command_record> commands_;
};

int run(const net_options& options) {
  stay_on(options.cpu);
  const shard_handlers handlers{.drop = drop_fragment, .receive = [](shard& here, message* m) { here.dispose(m); }};
  shard& here = *mesh::get().attach({.budget = 1 * GiB}, handlers).value();
  const acting_as as(here.id());
  server serving(here, options);
  const unique_fd waiting(::epoll_create1(EPOLL_CLOEXEC));
  for (const int fd : {serving.wake_fd(), STDIN_FILENO}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(waiting.get(), EPOLL_CTL_ADD, fd, &event);
  }
  while (serving.turn(waiting.get())) continue;
  return 0;
}

}  // namespace
}  // namespace corebuf::bench

int main(int arguments, char** argument) {
  return corebuf::bench::run(corebuf::bench::net_options_from(arguments, argument));
}
