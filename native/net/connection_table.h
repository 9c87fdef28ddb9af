// All connections of a shard, by id. The records lie in the memory of the shard, which counts them against its budget.
//
//   id    generation (11 bits) │ index (20 bits)
//
// An index that is used again gets the next generation, so that an old id finds nothing. Finding costs two loads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/connection.h"
#include "shard/shard.h"

namespace corebuf {

inline constexpr uint32_t connection_index_bits = 20;
inline constexpr uint32_t connection_generation_bits = 11;
inline constexpr size_t connections_max = size_t{1} << connection_index_bits;

class connection_table {
 public:
  explicit connection_table(shard& here) : here_(here) {}
  ~connection_table() { ASSERT(size_ == 0); }
  connection_table(const connection_table&) = delete;
  connection_table& operator=(const connection_table&) = delete;

  /// Null when the budget is spent, or connections_max are there.
  connection* make();
  /// Null for an id that is not good, or no longer.
  connection* find(uint32_t id) const {
    const size_t index = id & (connections_max - 1);
    if (index >= records_.size()) return nullptr;
    connection* found = records_[index].at;
    return found != nullptr && found->id == id ? found : nullptr;
  }
  /// It holds no descriptor and no bytes.
  void free(connection& gone);

  size_t size() const { return size_; }

  /// `visit` may free what it is called with.
  template <typename Visit>
  void each(Visit visit) {
    for (size_t index = 0; index < records_.size(); ++index) {
      if (records_[index].at != nullptr) visit(*records_[index].at);
    }
  }

  void invariant() const;

 private:
  struct record {
    connection* at = nullptr;
    uint32_t generation = 0;
  };

  shard& here_;
  std::vector<record> records_;
  std::vector<uint32_t> indexes_free_;
  size_t size_ = 0;
};

}  // namespace corebuf
