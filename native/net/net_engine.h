// The network of one shard: TCP and Unix sockets whose bytes go straight into slab memory and come straight out of chains.
// One owner, one thread; a turn is
//
//   obey(commands) ─▶ flush()   before polling   what was written leaves, one system call for each connection
//   reap() ─▶ tell(events)      after polling    what has come is in the chains of the layer above
//
// Between turns the owner's event loop watches wake_fd(), and calls again at deadline_us() at the latest. Nothing here blocks,
// and no kernel work is under way between calls: the engine can be closed at any moment.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "net/chain_slots.h"
#include "net/connection_table.h"
#include "net/direct_watch.h"
#include "net/event_queue.h"
#include "net/listener.h"
#include "net/lone_connection.h"
#include "net/net_lists.h"
#include "net/net_quota.h"
#include "net/net_stats.h"
#include "net/os_socket.h"
#include "net/poller.h"
#include "net/receive_memory.h"
#include "net/socket_address.h"

namespace corebuf {

/// What one turn does with one connection at most.
inline constexpr size_t received_per_turn = 256 * KiB;
inline constexpr size_t sent_per_turn = 1 * MiB;
/// Connections that have at most so much to send come before the others.
inline constexpr size_t sent_first_max = 16 * KiB;
/// Connections that one turn takes from one listener at most.
inline constexpr size_t accepted_per_turn = 64;
/// A listener rests so long when the system has no descriptor or no memory for a connection.
inline constexpr uint64_t accept_rest_us = 100'000;

enum class address_kind : uint8_t { listener, local, peer };

class net_engine {
 public:
  /// `slots`, `clock` and `direct`, where there is one, outlive the engine. The kernel's errno where the poller cannot be had.
  static result<std::unique_ptr<net_engine>> open(shard& here, chain_slots& slots, poller_kind kind, const net_clock& clock,
                                                  direct_watch* direct = nullptr);
  ~net_engine() { close(); }
  net_engine(const net_engine&) = delete;
  net_engine& operator=(const net_engine&) = delete;

  // Sockets. Each call is a few system calls; ids are as net_lists.h says.

  result<uint32_t> listen(const socket_address& address, const listen_options& options);
  /// Begins to connect: `connected` or `closed` will tell. What the kernel refuses at once is the result's errno.
  result<uint32_t> connect(const socket_address& address);
  /// A connected stream socket of this process, from then on the engine's. It waits for `start`.
  result<uint32_t> adopt(unique_fd connected);
  /// Takes a connection out of the engine, with no event; what it has received stays in its input. EBUSY while something waits
  /// to be sent or it is not connected yet, EBADF for an id that is not good.
  result<unique_fd> detach(uint32_t id);
  /// As detach() and adopt(), from one shard of the process to another, which is told the ticket; see descriptor_transit.h.
  result<uint64_t> hand_over(uint32_t id);
  result<uint32_t> take_over(uint64_t ticket);
  result<socket_address> address(address_kind kind, uint32_t id) const;

  // A turn.

  void obey(std::span<const net_command_record> commands);
  /// Sends what waits and takes up what rested. True when nothing is left to do or to tell before the next poll.
  bool flush();
  /// Everything that was written has been offered to the kernel: what it did not take is, or was, told as `unsent`.
  bool all_offered() const { return dirty_.empty(); }
  /// Receives, accepts and sends on sockets that are ready, for 300 µs at most; what is left stays ready.
  void reap();
  /// Receives from the connection that the event loop watches directly, when it has found it ready.
  void reap_direct();
  /// Fills the front of `events`, which has room for net_records_per_socket at least, and returns how many; 0 when there is
  /// nothing to tell.
  size_t tell(std::span<net_event_record> events) { return events_.tell(events); }
  /// The program has read what tell() told last: ids of which it was told `closed` are free. The next tell() implies it.
  void heard() {
    events_.heard();
    release_unused();
  }
  bool has_news() const { return !events_.empty(); }

  int wake_fd() const { return poller_->wake_fd(); }
  /// When flush() has to be called even if nothing happens; UINT64_MAX when never.
  uint64_t deadline_us() const;

  /// Closes all sockets at once, with no event. Nothing of the engine lives in the shard's memory then.
  void close();

  net_stats stats() const;
  const char* poller_name() const { return poller_->name(); }
  void invariant() const;

 private:
  /// Of a listener, in what the poller reports; a connection is reported by its id.
  static constexpr uint64_t listener_tag = uint64_t{1} << 32;

  net_engine(shard& here, chain_slots& slots, std::unique_ptr<poller> sockets, const net_clock& clock, direct_watch* direct);

  // net_engine.cc: connections
  void obey_one(const net_command_record& command);
  void obey_connection(connection& of, const net_command_record& command);
  void start(connection& of, uint32_t slot, uint32_t limit);
  void serve_reported(net_quota& quota);
  void serve(const readiness& ready, net_quota& quota);
  void finish_connecting(connection& of);
  void set_interest(connection& of, interest wanted);
  void unwatch(connection& of);
  void watch_lone_directly();
  void end_direct_watch(connection& of);
  void close_descriptor(connection& of);
  void close_now(connection& of, int os_errno = 0, net_call call = net_call::none);
  /// Without connections nothing is received, so that a program that has closed them all finds nothing left.
  void release_unused() {
    if (connections_.size() == 0) memory_.release();
  }

  // receiving.cc
  bool may_receive(const connection& of) const { return of.started && of.may_read(slots_.length(of.input_slot)); }
  void wait_for_input(connection& of);
  size_t receive(connection& of);
  bool receive_step(connection& of, iobuf& input, size_t& left);
  void starve(connection& of);
  void rest(connection& of, bool broken);
  void end_of_input(connection& of);
  void list_as_stalled(connection& of);
  void go_on_reading();
  void read_again(connection& of);
  uint64_t starved_until_us(const connection& of) const;
  void end_starved(uint64_t now_us);

  // sending.cc
  void queue(connection& of, uint32_t slot, bool tell);
  void mark_dirty(connection& of);
  struct offered {
    size_t sent = 0;
    bool blocked = false;  // the kernel did not take all it was offered
    int os_errno = 0;      // why it takes nothing any more
  };
  offered offer(connection& of);
  size_t send(connection& of, uint64_t now_us);
  void close_after_offer(connection& of);
  void after_sending(connection& of, size_t sent, bool blocked, uint64_t now_us);
  void all_sent(connection& of);
  void limit_idleness(connection& of, uint64_t now_us);
  bool took_some_since(connection& of, uint64_t now_us);
  void end_idle(uint64_t now_us);
  void send_dirty(net_quota& quota);
  bool has_little(uint32_t id) const;

  // accepting.cc
  listener* find_listener(uint32_t id) const;
  void obey_listener(const net_command_record& command);
  void set_accepting(listener& of, bool on);
  void accept(listener& of, uint64_t now_us);
  int accept_one(listener& of);
  void rest(listener& of, int os_errno, uint64_t now_us);
  void wake_listeners(uint64_t now_us);

  shard& here_;
  chain_slots& slots_;
  const std::unique_ptr<poller> poller_;
  const net_clock& clock_;
  connection_table connections_;
  event_queue events_;
  receive_memory memory_;
  net_stats stats_;

  std::array<readiness, 256> ready_{};
  size_t ready_next_ = 0;
  size_t ready_count_ = 0;
  lone_connection lone_;
  direct_watch* const direct_;
  uint32_t direct_id_ = no_socket;  // the poller reports nothing that is to be read from it

  // Ids; each record says whether it is still meant.
  std::vector<uint32_t> dirty_;
  size_t overdue_ = 0;             // the first of them had no time in the last turn
  std::vector<uint32_t> sending_;  // empty between calls
  std::vector<uint32_t> stalled_;
  std::vector<uint32_t> limited_;

  size_t stalled_next_ = 0;
  bool starved_ = false;                // the budget was spent when it was asked last
  uint64_t starved_us_ = 0;             // since when nothing was received for want of memory, as far as was looked
  uint64_t starved_bytes_ = 0;          // received by then
  uint64_t starved_look_us_ = UINT64_MAX;  // when one of stalled_ may have waited for memory for too long
  uint64_t idle_look_us_ = UINT64_MAX;  // when one of limited_ may be overdue

  std::vector<std::unique_ptr<listener>> listeners_;
  uint32_t last_listener_ = no_socket;
};

}  // namespace corebuf
