// The slots of JavaScript's chains as the network sees them.
#pragma once

#include <optional>

#include "net/chain_slots.h"
#include "turn/handle_table.h"

namespace corebuf {

class handle_slots final : public chain_slots {
 public:
  explicit handle_slots(handle_table& handles) : handles_(handles) {}

  void attach(shard& here) { here_ = &here; }

  iobuf& open(uint32_t slot, slot_use use) override {
    ASSERT(!opened_.has_value());
    opened_.emplace(*here_, use == slot_use::append ? handles_.to_read_or_append(slot) : handles_.to_change(slot));
    return **opened_;
  }
  void close() override { opened_.reset(); }
  bool has(uint32_t slot) const override { return slot < handles_.slots(); }

  size_t length(uint32_t slot) override {
    const handle& of = handles_.to_read_or_append(slot);
    return of.bytes.length() + of.pending;
  }

 private:
  handle_table& handles_;
  shard* here_ = nullptr;
  std::optional<open_handle> opened_;
};

}  // namespace corebuf
