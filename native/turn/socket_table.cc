#include "turn/socket_table.h"

#include <algorithm>
#include <utility>

namespace corebuf {

result<net_engine*> socket_table::engine(shard& here, event_loop& loop) {
  if (engine_ != nullptr) return engine_.get();
  ASSERT(has_list());
  slots_.attach(here);
  direct_.loop = &loop;
  auto opened = net_engine::open(here, slots_, poller_kind::automatic, net_clock_, &direct_);
  if (!opened) return opened.failure();
  if (!loop.watch(event_loop::watched_sockets, opened.value()->wake_fd())) return error_code::out_of_memory;
  engine_ = std::move(opened.value());
  return engine_.get();
}

void socket_table::obey_listed_slow() {
  const size_t count = std::min<size_t>(header().count, commands_max);
  header().count = 0;
  ++header().obeyed;
  engine_->obey({reinterpret_cast<const net_command_record*>(list_ + sizeof(command_header)), count});
}

bool socket_table::flush() {
  if (engine_ == nullptr) return true;
  obey_listed();
  const bool idle = engine_->flush();
  if (engine_->all_offered()) ++header().flushes;
  return idle;
}

void socket_table::reap(uint32_t readable) {
  const bool directly = (readable >> event_loop::watched_socket & 1) != 0;
  const bool polled = (readable >> event_loop::watched_sockets & 1) != 0;
  if (engine_ == nullptr || !(directly || polled)) return;
  obey_listed();  // JavaScript has run since the flush, and may have taken an input away: nothing comes into that any more.
  if (directly) engine_->reap_direct();
  if (polled) engine_->reap();
}

void socket_table::deliver(const exchange& area, const batch_callback& callback, uint64_t end_ns) {
  auto* records = reinterpret_cast<net_event_record*>(area.incoming);
  for (uint64_t began = clock_.now_ns(); has_news();) {
    const size_t count = engine_->tell({records, std::max<size_t>(pace_.next(), net_records_per_socket)});
    if (count == 0) break;
    callback.call(static_cast<uint32_t>(count), [this] { engine_->heard(); });
    const uint64_t ended = clock_.now_ns();
    pace_.took(ended - began, count);
    if (ended >= end_ns) break;
    began = ended;
  }
}

uint64_t socket_table::sleep_ms() const {
  const uint64_t deadline_us = engine_ == nullptr ? UINT64_MAX : engine_->deadline_us();
  if (deadline_us == UINT64_MAX) return UINT64_MAX;
  const uint64_t now_us = net_clock_.now_us();
  return deadline_us <= now_us ? 0 : (deadline_us - now_us + 999) / 1000;
}

void socket_table::hold(event_loop& loop, bool held) {
  if (held == std::exchange(held_, held)) return;
  if (held) loop.hold();
  else loop.let_go();
}

void socket_table::shut(event_loop& loop) {
  hold(loop, false);
  if (engine_ == nullptr) return;
  engine_.reset();
  header().count = 0;
}

}  // namespace corebuf
