// The receiving side of net_engine: who may read, how much, and what happens while somebody may not.
//
// A connection that must not be read keeps its interest until the kernel reports it once more: most consumers are done by then,
// and pausing has cost nothing. Only then it is taken off the poller, and listed until it may be read again.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "net/net_engine.h"

namespace corebuf {

namespace {

/// Connections that one flush looks at to see whether their input has been consumed.
constexpr size_t stalled_per_flush = 256;

size_t bytes_of(std::span<const iovec> vectors) {
  size_t bytes = 0;
  for (const iovec& each : vectors) bytes += each.iov_len;
  return bytes;
}

}  // namespace

/// As soon as it may be read.
void net_engine::wait_for_input(connection& of) {
  if (!of.started || of.stalled || (of.watching & wants_read) != 0) return;
  if (!starved_ && may_receive(of)) return set_interest(of, of.watching | wants_read);
  if (of.state == connection_state::open) list_as_stalled(of);
}

void net_engine::reap_direct() {
  ASSERT_HOME(here_.id());
  connection* of = connections_.find(direct_id_);
  if (of == nullptr) return;  // It has been closed since.
  lone_.another();
  if (may_receive(*of)) receive(*of);
  else rest(*of, false);
  memory_.trim();
}

/// Returns how many bytes.
size_t net_engine::receive(connection& of) {
  size_t left = received_per_turn;
  {
    const open_slot input(slots_, of.input_slot, slot_use::append);
    while (left > 0 && receive_step(of, *input, left)) continue;
  }
  const size_t got = received_per_turn - left;
  of.bulk = got >= memory_.buffer_size() / 2;
  if (got == 0) return 0;
  of.received_untold += static_cast<uint32_t>(got);
  stats_.bytes_received += got;
  events_.add(of, net_event::received);
  return got;
}

/// One system call. True when there may be more to read.
bool net_engine::receive_step(connection& of, iobuf& input, size_t& left) {
  if (!of.may_read(input.length())) return false;
  const size_t wanted = std::max(of.input_limit - input.length(), receive_buffer_min);
  const bool generous = of.bulk || left < received_per_turn;
  const std::span<iovec> room = memory_.room(std::min(left, wanted), generous);
  if (room.empty()) {
    starve(of);
    return false;
  }
  ++stats_.receives;
  const ptrdiff_t got = os_socket::receive(of.fd.get(), room);
  if (got > 0) {
    const auto bytes = static_cast<size_t>(got);
    memory_.received(bytes, input);
    left -= bytes;
    return bytes == bytes_of(room);
  }
  if (got == 0) end_of_input(of);
  else if (got != -EAGAIN) close_now(of, static_cast<int>(-got), net_call::read);
  return false;
}

void net_engine::end_of_input(connection& of) {
  of.read_ended = true;
  events_.add(of, net_event::ended);
  if (of.write_ended) return close_now(of);
  set_interest(of, of.watching & static_cast<interest>(~wants_read));
}

void net_engine::starve(connection& of) {
  if (!starved_) {
    starved_ = true;
    starved_us_ = starved_look_us_ = clock_.now_us();
    starved_bytes_ = stats_.bytes_received;
    ++stats_.pauses_starved;
    events_.add({net_event::starved, no_socket, static_cast<uint32_t>(memory_.buffer_size()), 0});
  }
  rest(of, false);
}

/// It is ready, and must not be read now. A broken one would be reported for ever, whatever its interest: it leaves the poller,
/// and when nothing is left to read it can as well be closed.
void net_engine::rest(connection& of, bool broken) {
  if (broken) {
    const int failed = os_socket::unread(of.fd.get()) > 0 ? 0 : os_socket::take_error(of.fd.get());
    if (failed != 0) return close_now(of, failed, net_call::read);
    unwatch(of);
  } else {
    set_interest(of, of.watching & static_cast<interest>(~wants_read));
  }
  list_as_stalled(of);
}

void net_engine::list_as_stalled(connection& of) {
  if (!of.started || of.paused || of.read_ended || of.stalled) return;
  of.stalled = true;
  stalled_.push_back(of.id);
  if (starved_) starved_look_us_ = std::min(starved_look_us_, starved_until_us(of));
  else if (of.sends_first()) ++stats_.pauses_unsent;
  else ++stats_.pauses_full;
}

void net_engine::go_on_reading() {
  if (stalled_.empty()) return;
  if (starved_ && memory_.room(1, false).empty()) return;
  starved_ = false;
  for (size_t looks = std::min(stalled_.size(), stalled_per_flush); looks > 0; --looks) {
    if (stalled_next_ >= stalled_.size()) stalled_next_ = 0;
    connection* of = connections_.find(stalled_[stalled_next_]);
    if (of != nullptr && of->stalled && !of->paused && !may_receive(*of)) {
      ++stalled_next_;
      continue;
    }
    stalled_[stalled_next_] = stalled_.back();
    stalled_.pop_back();
    if (of == nullptr || !of->stalled) continue;
    of->stalled = false;
    wait_for_input(*of);
  }
}

/// The kernel has taken some of what waited. It stays listed, so that nothing is to be searched here.
void net_engine::read_again(connection& of) {
  if (of.stalled && !starved_ && may_receive(of)) set_interest(of, of.watching | wants_read);
}

/// When a connection that waits for memory is given up, if nothing is received until then; UINT64_MAX for never.
uint64_t net_engine::starved_until_us(const connection& of) const {
  return of.idle_limit_ms == 0 ? UINT64_MAX : starved_us_ + uint64_t{of.idle_limit_ms} * 1000;
}

/// Half-received input can fill the budget, and then none of it becomes whole. The connection that holds most is closed, so that the
/// others go on; they have their whole time again.
void net_engine::end_starved(uint64_t now_us) {
  if (!starved_ || now_us < starved_look_us_) return;
  starved_look_us_ = UINT64_MAX;
  if (std::exchange(starved_bytes_, stats_.bytes_received) != stats_.bytes_received) starved_us_ = now_us;
  connection* most = nullptr;
  for (const uint32_t id : stalled_) {
    connection* of = connections_.find(id);
    if (of == nullptr || !of->stalled || !may_receive(*of)) continue;
    const uint64_t until_us = starved_until_us(*of);
    if (until_us > now_us) starved_look_us_ = std::min(starved_look_us_, until_us);
    else if (most == nullptr || slots_.length(of->input_slot) > slots_.length(most->input_slot)) most = of;
  }
  if (most == nullptr) return;
  ++stats_.starved_ended;
  starved_us_ = starved_look_us_ = now_us;
  close_now(*most, ENOMEM, net_call::memory);
}

}  // namespace corebuf
