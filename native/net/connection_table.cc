#include "net/connection_table.h"

#include <new>

namespace corebuf {

connection* connection_table::make() {
  if (indexes_free_.empty() && records_.size() == connections_max) return nullptr;
  void* memory = here_.heap().allocate_record(sizeof(connection));
  if (memory == nullptr) return nullptr;
  if (indexes_free_.empty()) {
    indexes_free_.push_back(static_cast<uint32_t>(records_.size()));
    records_.emplace_back();
  }
  const uint32_t index = indexes_free_.back();
  indexes_free_.pop_back();
  record& used = records_[index];
  // From 1 on: no id is 0.
  constexpr uint32_t generations = (uint32_t{1} << connection_generation_bits) - 1;
  used.generation = used.generation % generations + 1;
  used.at = new (memory) connection(used.generation << connection_index_bits | index);
  ++size_;
  return used.at;
}

void connection_table::free(connection& gone) {
  ASSERT(!gone.fd.valid());
  ASSERT(gone.output.empty());
  const uint32_t index = gone.id & (connections_max - 1);
  ASSERT(records_[index].at == &gone);
  records_[index].at = nullptr;
  indexes_free_.push_back(index);
  --size_;
  gone.~connection();
  here_.heap().free(&gone);
}

void connection_table::invariant() const {
  size_t live = 0;
  for (const record& each : records_) {
    if (each.at == nullptr) continue;
    ++live;
    ASSERT(find(each.at->id) == each.at);
    ASSERT(each.at->id >> connection_index_bits == each.generation);
  }
  ASSERT(live == size_);
  ASSERT(live + indexes_free_.size() == records_.size());
}

}  // namespace corebuf
