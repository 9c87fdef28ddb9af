#include "net/descriptor_transit.h"

#include <algorithm>
#include <utility>

namespace corebuf {

descriptor_transit& descriptor_transit::get() {
  static auto* const of_process = new descriptor_transit;
  return *of_process;
}

uint64_t descriptor_transit::leave(unique_fd descriptor, shard_ref sender) {
  const std::lock_guard guard(lock_);
  travellers_.push_back({++last_ticket_, sender, std::move(descriptor)});
  return last_ticket_;
}

unique_fd descriptor_transit::take(uint64_t ticket) {
  const std::lock_guard guard(lock_);
  const auto found = std::find_if(travellers_.begin(), travellers_.end(),
                                  [ticket](const traveller& each) { return each.ticket == ticket; });
  if (found == travellers_.end()) return {};
  unique_fd taken = std::move(found->descriptor);
  travellers_.erase(found);
  return taken;
}

void descriptor_transit::drop_those_of(shard_ref sender) {
  const std::lock_guard guard(lock_);
  std::erase_if(travellers_, [sender](const traveller& each) {
    return each.sender.id == sender.id && each.sender.incarnation == sender.incarnation;
  });
}

size_t descriptor_transit::size() {
  const std::lock_guard guard(lock_);
  return travellers_.size();
}

}  // namespace corebuf
