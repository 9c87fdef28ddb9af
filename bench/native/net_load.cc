// A client that keeps `depth` messages under way on each of its connections, and no more: a closed loop, in which a slow server
// is asked less. It prints one JSON object: messages, bytes and seconds, and how long the messages took.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <cerrno>
#include <chrono>
#include <deque>
#include <memory>

#include "io/unique_fd.h"
#include "net/os_socket.h"
#include "net_options.h"

namespace corebuf::bench {
namespace {

constexpr size_t step_max = 256 * 1024;  // of one system call

uint64_t now_ns() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

[[noreturn]] void fail(const char* what, int os_errno) {
  std::fprintf(stderr, "net_load: %s: %s\n", what, std::strerror(os_errno));
  std::exit(1);
}

/// How long messages took, and whether they came back as they were sent.
struct tally {
  uint64_t messages = 0;
  uint64_t wrong = 0;
  std::vector<uint32_t> took_ns;

  void clear() { messages = 0, took_ns.clear(); }
  double quantile_us(double part) {
    if (took_ns.empty()) return 0;
    const auto at = took_ns.begin() + static_cast<ptrdiff_t>(part * static_cast<double>(took_ns.size() - 1));
    std::nth_element(took_ns.begin(), at, took_ns.end());
    return *at / 1000.0;
  }
};

/// One connection. Requests are one stream of bytes, answers another; both can be computed at any place.
class conversation {
 public:
  conversation(const net_options& options, const payload_table& payload, tally& counted, int poller)
      : options_(options), payload_(payload), counted_(counted), poller_(poller) {
    connect();
  }

  void ready(uint32_t events) {
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) receive();
    send();
  }

 private:
  void connect() {
    const socket_address address = options_.address();
    auto opened = os_socket::open(address.family());
    if (!opened) fail("socket", opened.failure().os_errno);
    fd_ = std::move(opened.value());
    const int failed = os_socket::connect(fd_.get(), address);
    if (failed != 0 && failed != EINPROGRESS) fail("connect", failed);
    os_socket::set_no_delay(fd_.get(), true);
    // It is writable when it is connected; until then sending says EAGAIN.
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT;
    event.data.ptr = this;
    if (::epoll_ctl(poller_, EPOLL_CTL_ADD, fd_.get(), &event) != 0) fail("epoll_ctl", errno);
    waits_for_room_ = true;
  }

  void send() {
    const size_t size = options_.request_size();
    while (sent_ < (answered_ + options_.depth) * size) {
      const size_t length = std::min<uint64_t>((answered_ + options_.depth) * size - sent_, step_max);
      fill(scratch(), sent_, length, size, true);
      const ssize_t taken = ::send(fd_.get(), scratch(), length, MSG_NOSIGNAL);
      if (taken < 0 && errno == EAGAIN) return wait_for_room(true);
      if (taken < 0) fail("send", errno);
      // A message begins with its first byte.
      for (uint64_t begun = (sent_ + size - 1) / size; begun * size < sent_ + static_cast<uint64_t>(taken); ++begun) {
        began_ns_.push_back(now_ns());
      }
      sent_ += static_cast<uint64_t>(taken);
    }
    wait_for_room(false);
  }

  void receive() {
    static std::vector<char> came(step_max), expected(step_max);
    while (true) {
      const ssize_t got = ::recv(fd_.get(), came.data(), came.size(), 0);
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) fail("recv", got == 0 ? ECONNRESET : errno);
      const auto length = static_cast<size_t>(got);
      if (options_.verify && options_.mode != traffic::ingest) {
        fill(expected.data(), received_, length, options_.answer_size(), options_.mode != traffic::fetch);
        if (std::memcmp(came.data(), expected.data(), length) != 0) ++counted_.wrong;
      }
      received_ += length;
      while ((answered_ + 1) * options_.answer_size() <= received_) answer();
      if (length < came.size()) return;
    }
  }

  void answer() {
    ++answered_;
    ++counted_.messages;
    counted_.took_ns.push_back(static_cast<uint32_t>(std::min<uint64_t>(now_ns() - began_ns_.front(), UINT32_MAX)));
    began_ns_.pop_front();
    if (!options_.churn) return;
    fd_.reset();
    sent_ = received_ = answered_ = 0;
    began_ns_.clear();
    connect();
  }

  /// The stream of messages of `size` bytes, from `position` on. What a server makes itself is message 0 each time.
  void fill(char* into, uint64_t position, size_t length, size_t size, bool numbered) const {
    while (length > 0) {
      const uint64_t number = position / size;
      const size_t within = position % size, part = std::min(length, size - within);
      payload_.copy(numbered ? number : 0, within, into, part);
      if (options_.mode == traffic::framed) {
        for (size_t at = within; at < prefix_size && at < within + part; ++at) {
          into[at - within] = static_cast<char>(options_.size >> 8 * (prefix_size - 1 - at));
        }
      }
      into += part, position += part, length -= part;
    }
  }

  static char* scratch() {
    static std::vector<char> bytes(step_max);
    return bytes.data();
  }

  void wait_for_room(bool waits) {
    if (waits == waits_for_room_) return;
    waits_for_room_ = waits;
    epoll_event event{};
    event.events = EPOLLIN | (waits ? EPOLLOUT : 0U);
    event.data.ptr = this;
    ::epoll_ctl(poller_, EPOLL_CTL_MOD, fd_.get(), &event);
  }

  const net_options& options_;
  const payload_table& payload_;
  tally& counted_;
  const int poller_;
  unique_fd fd_;
  bool waits_for_room_ = false;
  uint64_t sent_ = 0, received_ = 0, answered_ = 0;
  std::deque<uint64_t> began_ns_;
};

void run_until(int poller, uint64_t end_ns) {
  epoll_event events[256];
  while (now_ns() < end_ns) {
    const int count = ::epoll_wait(poller, events, 256, 100);
    for (int at = 0; at < count; ++at) static_cast<conversation*>(events[at].data.ptr)->ready(events[at].events);
  }
}

int run(const net_options& options) {
  stay_on(options.cpu);
  const payload_table payload;
  tally counted;
  const unique_fd poller(::epoll_create1(EPOLL_CLOEXEC));
  std::vector<std::unique_ptr<conversation>> all;
  for (size_t at = 0; at < options.connections; ++at) {
    all.push_back(std::make_unique<conversation>(options, payload, counted, poller.get()));
  }
  run_until(poller.get(), now_ns() + static_cast<uint64_t>(options.seconds * 2e8));  // A fifth, to get warm.
  const uint64_t warm = counted.messages;
  counted.clear();
  const uint64_t began = now_ns();
  run_until(poller.get(), began + static_cast<uint64_t>(options.seconds * 1e9));
  const double seconds = static_cast<double>(now_ns() - began) / 1e9;
  const uint64_t bytes = counted.messages * (options.request_size() + options.answer_size());
  std::printf("{\"messages\":%llu,\"warm\":%llu,\"bytes\":%llu,\"seconds\":%.3f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"wrong\":%llu}\n",
              static_cast<unsigned long long>(counted.messages), static_cast<unsigned long long>(warm), static_cast<unsigned long long>(bytes), seconds,
              counted.quantile_us(0.5), counted.quantile_us(0.99), static_cast<unsigned long long>(counted.wrong));
  return counted.wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace corebuf::bench

int main(int arguments, char** argument) {
  return corebuf::bench::run(corebuf::bench::net_options_from(arguments, argument));
}
