#include "net/event_queue.h"

#include <utility>

namespace corebuf {

namespace {

uint32_t low_of(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t high_of(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

/// Once half of a list is done with, so that moving the rest costs O(1) for each.
template <typename T>
void forget_front(std::vector<T>& list, size_t& done) {
  if (done * 2 < list.size()) return;
  list.erase(list.begin(), list.begin() + static_cast<ptrdiff_t>(done));
  done = 0;
}

}  // namespace

void event_queue::add_sent(connection& of, bool all) {
  of.untold &= static_cast<event_set>(~(event_bit(net_event::sent) | event_bit(net_event::unsent)));
  add(of, all ? net_event::sent : net_event::unsent);
}

size_t event_queue::tell(std::span<net_event_record> into) {
  ASSERT(into.size() >= net_records_per_socket);
  heard();
  size_t count = 0;
  while (others_told_ < others_.size() && count < into.size()) into[count++] = others_[others_told_++];
  while (told_ < waiting_.size() && into.size() - count >= net_records_per_socket) {
    connection* told = connections_.find(waiting_[told_++]);
    if (told != nullptr) count += describe(*told, into.subspan(count));
  }
  forget_front(others_, others_told_);
  forget_front(waiting_, told_);
  return count;
}

/// Returns how many records.
size_t event_queue::describe(connection& of, std::span<net_event_record> into) {
  of.telling = false;
  const event_set happened = std::exchange(of.untold, event_set{0});
  size_t count = 0;
  const auto describe_one = [&](net_event kind, uint32_t low, uint32_t high) {
    if ((happened & event_bit(kind)) != 0) into[count++] = {kind, of.id, low, high};
  };
  describe_one(net_event::accepted, of.accepted_by, 0);
  describe_one(net_event::connected, 0, 0);
  describe_one(net_event::received, std::exchange(of.received_untold, 0), 0);
  describe_one(net_event::ended, 0, 0);
  describe_one(net_event::sent, low_of(of.bytes_sent), high_of(of.bytes_sent));
  describe_one(net_event::unsent, low_of(of.bytes_sent), high_of(of.bytes_sent));
  describe_one(net_event::closed, static_cast<uint32_t>(of.close_errno), static_cast<uint32_t>(of.close_call));
  if ((happened & event_bit(net_event::closed)) != 0) ends_told_.push_back(of.id);
  return count;
}

void event_queue::heard() {
  for (const uint32_t id : ends_told_) {
    if (connection* gone = connections_.find(id)) connections_.free(*gone);
  }
  ends_told_.clear();
}

void event_queue::drop_all() {
  heard();
  waiting_.clear();
  others_.clear();
  told_ = others_told_ = 0;
}

}  // namespace corebuf
