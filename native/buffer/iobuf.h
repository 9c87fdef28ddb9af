// A chain of fragments. Bytes are copied once, when they are appended; after that they are moved and shared without a copy.
//
//   head ─▶ fragment ─▶ fragment ─▶ fragment ─▶ null        fragments may be of different homes
//              │           │           │
//           [bbbb]      [..bb..]    [bbb|slack]             only the last may have slack, and only in a buffer that
//                                                           this chain made and that has not changed shards
//
// One shard holds a chain at a time and passes itself to each call as `here`. Operations that need memory
// return false when the budget of `here` is spent, and then nothing has changed. A chain ends by release();
// it has no destructor, because only its holder knows which shard it is on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/intrusive_list.h"
#include "buffer/fragment.h"
#include "shard/shard.h"

namespace corebuf {

/// A fragment of one chain, with what lies before it: a call that works its way through a chain begins where
/// the last one ended. It stays valid while the fragments before the last one stay as they are, so appending
/// and linking keep it valid.
struct chain_position {
  fragment* before = nullptr;  // null: the position is the front
  size_t index = 0;            // fragments before it
  size_t start = 0;            // bytes before it
};

class iobuf {
 public:
  iobuf() = default;
  iobuf(iobuf&& other) noexcept { swap(other); }
  /// This chain must have been released or taken before.
  iobuf& operator=(iobuf&& other) noexcept {
    DEBUG_ASSERT(fragments_.empty());
    swap(other);
    return *this;
  }
  iobuf(const iobuf&) = delete;
  iobuf& operator=(const iobuf&) = delete;
  void swap(iobuf& other) noexcept;

  size_t length() const { return length_; }
  size_t fragment_count() const { return fragments_.size(); }
  bool empty() const { return length_ == 0; }
  const fragment* front() const { return fragments_.front(); }
  static const fragment* next(const fragment* at) { return intrusive_list<fragment>::next_of(at); }

  /// Copies the bytes, and counts them in the ledger as `kind`. O(bytes).
  [[nodiscard]] bool append(shard& here, std::span<const std::byte> bytes, copy_kind kind = copy_kind::append);
  /// Makes the next fragment large enough for `bytes`, if any size is.
  void expect(size_t bytes);
  /// Copies the bytes of `other` into fragments of this chain. O(bytes).
  [[nodiscard]] bool append_copy(shard& here, const iobuf& other);
  /// Adds a reference to the whole buffer, whose count it raises. O(1).
  [[nodiscard]] bool append_reference(shard& here, buffer& of);
  /// Links a reference of ours, of at least one byte, behind what is here. O(1).
  void append_fragment(fragment* added) { push(added); }
  /// Makes `length` bytes of `of` from `data` part of the last fragment, when that ends exactly there; else returns false, and
  /// nothing has changed. The bytes are the caller's to have written, and nobody else's to see. O(1).
  [[nodiscard]] bool extend(shard& here, const buffer& of, const std::byte* data, size_t length);

  /// Copies the bytes in front: as many as fit into the headroom, the rest into new fragments. O(bytes).
  [[nodiscard]] bool prepend(shard& here, std::span<const std::byte> bytes);
  /// Copies the bytes of `other`, which may be this chain, in front. O(bytes).
  [[nodiscard]] bool prepend_copy(shard& here, const iobuf& other);

  /// Appends `length` zeros, 1 … fragment_size_max, in one fragment, and returns their address; null when the
  /// budget is spent. Slack that is too small for them is given up. O(length).
  [[nodiscard]] std::byte* reserve(shard& here, size_t length);

  /// Copies everything into one fragment, unless there is only one. O(bytes).
  [[nodiscard]] bool coalesce(shard& here);

  /// Moves all of `source`, another chain, behind the end. O(1).
  void take(shard& here, iobuf& source);
  /// Moves the first `length` bytes behind the end of `into`; a fragment that the edge cuts is shared.
  /// O(fragments moved).
  [[nodiscard]] bool take_front(shard& here, size_t length, iobuf& into);

  /// Adds references to `length` bytes from `start` behind the end of `into`. A fragment of another home is
  /// first replaced by a proxy in this chain. O(fragments up to the end of the range).
  [[nodiscard]] bool share(shard& here, size_t start, size_t length, iobuf& into);
  /// The same, walking from `position` on, which is left at the beginning of the range in every case.
  [[nodiscard]] bool share(shard& here, size_t start, size_t length, iobuf& into, chain_position& position);

  /// O(fragments given up).
  void trim_front(shard& here, size_t length);
  /// O(fragments). Gives up the slack.
  void trim_back(shard& here, size_t length);

  /// Sends all fragments home: O(1) when all belong to one other home, O(fragments) when they are our own.
  void release(shard& here);

  /// Copies from `start` on until `into` is full or the chain ends. Returns bytes. `into` may overlap the
  /// fragment that is copied from, but no other fragment of the chain.
  size_t copy_out(size_t start, std::span<std::byte> into) const;
  size_t copy_out(size_t start, std::span<std::byte> into, chain_position& position) const;

  /// Walks to the fragment that holds byte `start`, or to fragment number `index`; to the last one where the
  /// chain ends before.
  void walk_to(size_t start, chain_position& position) const;
  void walk_to_index(size_t index, chain_position& position) const;
  fragment* at(const chain_position& position) const {
    return position.before == nullptr ? fragments_.front() : intrusive_list<fragment>::next_of(position.before);
  }
  uint32_t crc32c(uint32_t seed) const;

  /// Room behind the last byte that may be written directly; publish() makes the written bytes part of the
  /// chain. The writer counts them in the ledger.
  std::span<std::byte> slack() const;
  void publish(shard& here, size_t written);
  /// Gives up the slack, so that no byte written later can be seen by those who share or receive the last
  /// fragment.
  void seal() {
    slack_ = 0;
    intact_ = false;
  }

  /// Room in front of the first byte that nobody else can see: in a slab buffer of this shard with no other
  /// fragment. A share, a move to another shard and I/O under way each hold a fragment, so none of them ever
  /// sees bytes written there.
  size_t headroom(const shard& here) const;

  /// The fragments, to be sent to another shard, with the slack given up; this chain is empty afterwards.
  intrusive_list<homebound> depart(shard& here);
  /// A chain of the first `length` bytes of a payload, which must end at the end of a fragment.
  static iobuf arrive(intrusive_list<homebound>& payload, size_t length);
  /// Whether the first `length` bytes end at the end of a fragment.
  static bool can_arrive(const intrusive_list<homebound>& payload, size_t length);

  /// Bytes that the chain refers to as `home` counts them (buffer::refer): those in its memory, and in memory that it wraps. Walks the
  /// chain unless all of it has another home.
  size_t referenced_of(shard_id home) const;

  void invariant() const;

 private:
  static constexpr shard_id mixed_homes = 0xfffe;

  void push(fragment* added);
  void push_grown(fragment* added);
  void push_front(fragment* added);
  void link(iobuf&& added);
  void link(intrusive_list<fragment>&& added, size_t bytes, shard_id home);
  [[nodiscard]] static bool grow(shard& here, size_t bytes, size_t steps, intrusive_list<fragment>& grown);
  fragment* localise(shard& here, fragment* before, fragment* foreign);
  bool step(chain_position& position) const;
  void forget();
  /// One more fragment lies in the memory of `home`.
  void count_home(shard_id home) { home_ = home_ == no_shard || home_ == home ? home : mixed_homes; }
  friend struct iobuf_layout;

  intrusive_list<fragment> fragments_;
  size_t length_ = 0;
  uint32_t slack_ = 0;
  shard_id home_ = no_shard;      // home of all fragments, or mixed_homes; no_shard when there are none
  uint8_t growth_ : 4 = 0;        // step in fragment_sizes of the last fragment, plus one, when append made it
  uint8_t front_growth_ : 4 = 0;  // the same for the fragment that prepend made last
  bool intact_ = false;           // set by JavaScript; cleared by every operation but appending
};

/// Positions of the fields that JavaScript reads without a call.
struct iobuf_layout {
  static constexpr size_t fragment_count = offsetof(iobuf, fragments_) + intrusive_list<fragment>::size_offset();
  static constexpr size_t length = offsetof(iobuf, length_);
  static constexpr size_t slack = offsetof(iobuf, slack_);
  static constexpr size_t intact = offsetof(iobuf, intact_);
};

}  // namespace corebuf
