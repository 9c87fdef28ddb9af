// The chains of the layer above, by number: where the network puts what it receives, and where it takes what shall be sent.
// In Node these are the handles of JavaScript's objects; in tests they are a vector. Called on the shard's own thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "buffer/iobuf.h"

namespace corebuf {

/// What happens to a chain while it is open. Appending leaves every fragment before the last one as it is.
enum class slot_use : uint8_t { append, change };

class chain_slots {
 public:
  /// The chain at `slot`, which exists, until close(). One is open at a time.
  virtual iobuf& open(uint32_t slot, slot_use use) = 0;
  virtual void close() = 0;
  virtual bool has(uint32_t slot) const = 0;
  /// Bytes that are in the chain at `slot`.
  virtual size_t length(uint32_t slot) = 0;

 protected:
  ~chain_slots() = default;
};

/// One slot for the length of a block.
class [[nodiscard]] open_slot {
 public:
  open_slot(chain_slots& slots, uint32_t slot, slot_use use) : slots_(slots), chain_(slots.open(slot, use)) {}
  ~open_slot() { slots_.close(); }
  open_slot(const open_slot&) = delete;
  open_slot& operator=(const open_slot&) = delete;

  iobuf& operator*() const { return chain_; }
  iobuf* operator->() const { return &chain_; }

 private:
  chain_slots& slots_;
  iobuf& chain_;
};

}  // namespace corebuf
