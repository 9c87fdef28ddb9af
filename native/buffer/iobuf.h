// A chain of fragments: bytes that are appended by copying, and from then on moved and shared without.
//
//   head ─▶ fragment ─▶ fragment ─▶ fragment ─▶ null        fragments may be of different homes
//              │           │           │
//           [bbbb]      [..bb..]    [bbb|slack]             only the last may have slack, and only in a buffer this
//                                                           chain made itself and that has not hopped
//
// One shard holds a chain at a time and names itself in each call as `here`. Operations that need memory return
// false when the budget of `here` is spent, and then nothing has changed. A chain ends by release(); it has no destructor,
// because only its holder knows on which shard it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/chain.h"
#include "buffer/fragment.h"
#include "shard/shard.h"

namespace corebuf {

/// A fragment of one chain, by what lies before it: calls that work their way through a chain begin where the last one ended.
/// It stays right while the fragments before the last one stay as they are, so appending and linking leave it right.
struct chain_place {
  fragment* before = nullptr;  // null: the place is the front
  size_t index = 0;            // fragments before it
  size_t start = 0;            // bytes before it
};

class iobuf {
 public:
  iobuf() = default;
  iobuf(iobuf&& other) noexcept { swap(other); }
  /// What was here must have been released or taken.
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
  static const fragment* next(const fragment* at) { return chain<fragment>::next_of(at); }

  /// Copies, and counts that in the ledger as `place`. O(bytes).
  [[nodiscard]] bool append(shard& here, std::span<const std::byte> bytes, copy_place place = copy_place::append);
  /// The next fragment is to hold `bytes`, if the largest does.
  void expect(size_t bytes);
  /// Copies the bytes of `other` into fragments of ours. O(bytes).
  [[nodiscard]] bool append_copy(shard& here, const iobuf& other);
  /// One new reference to all of `of`, whose count it raises. O(1).
  [[nodiscard]] bool append_reference(shard& here, buffer& of);

  /// Copies in front: as much as fits into the headroom, the rest into fragments of its own. O(bytes).
  [[nodiscard]] bool prepend(shard& here, std::span<const std::byte> bytes);
  /// Copies the bytes of `other`, which may be this chain, in front. O(bytes).
  [[nodiscard]] bool prepend_copy(shard& here, const iobuf& other);

  /// Appends `length` zeros, 1 … fragment_size_max, that lie in one fragment, and returns where; null when the budget is spent.
  /// Slack that is too small for them is given up. O(length).
  [[nodiscard]] std::byte* reserve(shard& here, size_t length);

  /// Copies everything into one fragment, unless it lies in one already. O(bytes).
  [[nodiscard]] bool coalesce(shard& here);

  /// Moves all of `source`, another chain, behind what is here. O(1).
  void take(shard& here, iobuf& source);
  /// Moves the first `length` bytes behind what is in `into`; a fragment on the edge is shared. O(fragments moved).
  [[nodiscard]] bool take_front(shard& here, size_t length, iobuf& into);

  /// References to `length` bytes from `start`, put behind what is in `into`. A foreign fragment is first replaced by a
  /// proxy, in place. O(fragments up to the end of the range).
  [[nodiscard]] bool share(shard& here, size_t start, size_t length, iobuf& into);
  /// The same, from the last place on; `place` is left where the range begins, in every case.
  [[nodiscard]] bool share(shard& here, size_t start, size_t length, iobuf& into, chain_place& place);

  /// O(fragments given up).
  void trim_front(shard& here, size_t length);
  /// O(fragments). Gives up the slack.
  void trim_back(shard& here, size_t length);

  /// Fragments go home: O(1) for a chain of one other home, O(fragments) for our own.
  void release(shard& here);

  /// Copies from `start` on until `into` is full or the chain ends; returns bytes. `into` may overlap the fragment that is
  /// copied from, but not another one of the chain.
  size_t copy_out(size_t start, std::span<std::byte> into) const;
  size_t copy_out(size_t start, std::span<std::byte> into, chain_place& place) const;

  /// Walks to the fragment that holds byte `start`, or to fragment number `index`; where the chain ends before, to the last one.
  void walk_to(size_t start, chain_place& place) const;
  void walk_to_index(size_t index, chain_place& place) const;
  fragment* at(const chain_place& place) const {
    return place.before == nullptr ? fragments_.front() : chain<fragment>::next_of(place.before);
  }
  uint32_t crc32c(uint32_t seed) const;

  /// Room behind the last byte that may be written directly; publish() makes written bytes part of the chain. Whoever wrote
  /// them counts them.
  std::span<std::byte> slack() const;
  void publish(shard& here, size_t written);
  /// Gives up the slack: no byte written later can reach who shares or receives the last fragment.
  void seal() {
    slack_ = 0;
    intact_ = false;
  }

  /// Room in front of the first byte that nobody else can see: in a slab buffer of ours with no other fragment. A share, a
  /// hop or I/O under way each hold a fragment, so none of them ever sees what is written there.
  size_t headroom(const shard& here) const;

  /// The chain as something that travels, sealed; what is left is empty.
  chain<homebound> depart(shard& here);
  /// The first `length` bytes of what has arrived, which end at the end of a fragment.
  static iobuf arrive(chain<homebound>& payload, size_t length);
  /// Whether they do.
  static bool can_arrive(const chain<homebound>& payload, size_t length);

  void invariant() const;

 private:
  static constexpr shard_id mixed_homes = 0xfffe;

  void push(fragment* added);
  void push_grown(fragment* added);
  void push_front(fragment* added);
  void link(iobuf&& added);
  void link(chain<fragment>&& added, size_t bytes, shard_id home);
  [[nodiscard]] static bool grow(shard& here, size_t bytes, size_t steps, chain<fragment>& grown);
  fragment* localise(shard& here, fragment* before, fragment* foreign);
  bool step(chain_place& place) const;
  void forget();
  friend struct iobuf_layout;

  chain<fragment> fragments_;
  size_t length_ = 0;
  uint32_t slack_ = 0;
  shard_id home_ = no_shard;      // of all fragments, or mixed_homes; no_shard when there are none
  uint8_t growth_ : 4 = 0;        // step of fragment_sizes that the last fragment has when append made it, plus one
  uint8_t front_growth_ : 4 = 0;  // the same of the fragment that was last made in front
  bool intact_ = false;           // set by JavaScript: since then bytes have come behind the others, no more
};

/// Where JavaScript finds the fields of a chain that it reads without a call.
struct iobuf_layout {
  static constexpr size_t fragment_count = offsetof(iobuf, fragments_) + chain<fragment>::size_offset();
  static constexpr size_t length = offsetof(iobuf, length_);
  static constexpr size_t slack = offsetof(iobuf, slack_);
  static constexpr size_t intact = offsetof(iobuf, intact_);
};

}  // namespace corebuf
