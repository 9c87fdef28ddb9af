// What the program has yet to be told. A connection waits here at most once, with its events as bits in its record; so nothing is
// lost however small the list is that the program reads, what has happened meanwhile is told together, and the queue is never
// longer than there are connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "net/connection.h"
#include "net/connection_table.h"
#include "net/net_lists.h"

namespace corebuf {

class event_queue {
 public:
  explicit event_queue(connection_table& connections) : connections_(connections) {}

  void add(connection& of, net_event happened) {
    of.untold |= event_bit(happened);
    if (of.telling) return;
    of.telling = true;
    waiting_.push_back(of.id);
  }
  /// All that was sent has left, or not all: the later word takes the place of the earlier.
  void add_sent(connection& of, bool all);
  /// Events that are not a connection's.
  void add(const net_event_record& other) { others_.push_back(other); }

  bool empty() const { return others_told_ == others_.size() && told_ == waiting_.size(); }

  /// Fills the front of `into`, which has room for net_records_per_socket at least; returns how many records. This implies heard().
  size_t tell(std::span<net_event_record> into);
  /// The program has read what the last call of tell() told: connections whose end was among it are freed.
  void heard();

  /// Nobody listens any more: connections that are closed are freed.
  void drop_all();

 private:
  size_t describe(connection& of, std::span<net_event_record> into);

  connection_table& connections_;
  std::vector<uint32_t> waiting_;  // in order; those before told_ have been told
  size_t told_ = 0;
  std::vector<net_event_record> others_;
  size_t others_told_ = 0;
  std::vector<uint32_t> ends_told_;  // connections that the program knows to be closed, once it has read the last list
};

}  // namespace corebuf
