// Memory for new bytes of a chain: the room that it has, and the fragments that it gets.
#include "buffer/iobuf.h"

#include <algorithm>
#include <cstring>

#include "buffer/fragment_size.h"
#include "memory/address_map.h"

namespace corebuf {

namespace {

/// A new buffer with an empty fragment at its beginning.
fragment* make_room(shard& here, size_t size) {
  buffer* room = buffer::make(here, size);
  if (room == nullptr) return nullptr;
  fragment* made = fragment::make(here, *room, room->data, 0);
  if (made == nullptr) room->destroy(here);
  return made;
}

}  // namespace

bool iobuf::prepend(shard& here, std::span<const std::byte> bytes) {
  const size_t fitting = std::min(headroom(here), bytes.size());
  intrusive_list<fragment> grown;
  if (!grow(here, bytes.size() - fitting, front_growth_, grown)) return false;

  intact_ = false;
  here.ledger_here().count_copy(copy_kind::append, bytes.size());
  if (fitting > 0) {
    fragment* first = fragments_.front();
    first->data -= fitting;
    first->length += fitting;
    first->of->refer(here, fitting);
    length_ += fitting;
    // memmove, because `bytes` may be a stale view of these very bytes, which were trimmed.
    std::memmove(first->data, bytes.last(fitting).data(), fitting);
    bytes = bytes.first(bytes.size() - fitting);
  }
  while (fragment* added = grown.pop_front()) {
    const size_t size = added->of->size;
    added->length = std::min(size, bytes.size());
    added->of->refer(here, added->length);
    added->data += size - added->length;
    std::memcpy(added->data, bytes.last(added->length).data(), added->length);
    bytes = bytes.first(bytes.size() - added->length);
    push_front(added);
    front_growth_ = fragment_steps_to(size) & 0xf;
  }
  return true;
}

bool iobuf::prepend_copy(shard& here, const iobuf& other) {
  if (other.length_ <= headroom(here)) {
    const size_t length = other.length_;
    if (length == 0) return true;
    intact_ = false;
    fragment* first = fragments_.front();
    other.copy_out(0, {first->data - length, length});
    here.ledger_here().count_copy(copy_kind::append, length);
    first->data -= length;
    first->length += length;
    first->of->refer(here, length);
    length_ += length;
    return true;
  }
  iobuf copy;
  if (!copy.append_copy(here, other)) return false;
  copy.front_growth_ = front_growth_;
  copy.link(std::move(*this));
  swap(copy);
  return true;
}

std::byte* iobuf::reserve(shard& here, size_t length) {
  ASSERT(length > 0);
  ASSERT(length <= fragment_size_max);
  if (slack_ < length) {
    intrusive_list<fragment> grown;
    if (!grow(here, length, growth_, grown)) return nullptr;
    push_grown(grown.pop_front());
  }
  std::byte* reserved = fragments_.back()->end();
  std::memset(reserved, 0, length);
  publish(here, length);
  return reserved;
}

bool iobuf::coalesce(shard& here) {
  if (fragments_.size() <= 1) return true;
  fragment* whole = make_room(here, length_);
  if (whole == nullptr) return false;
  whole->length = copy_out(0, {whole->data, length_});
  whole->of->refer(here, whole->length);
  here.ledger_here().count_copy(copy_kind::append, length_);
  release(here);
  push(whole);
  return true;
}

size_t iobuf::headroom(const shard& here) const {
  const fragment* first = front();
  if (first == nullptr || owner(first) != here.id()) return 0;
  const buffer& of = *first->of;
  return of.kind == buffer_kind::slab && of.count == 1 ? static_cast<size_t>(first->data - of.data) : 0;
}

void iobuf::expect(size_t bytes) { growth_ = next_fragment_step(growth_, bytes) & 0xf; }

/// Links a fragment of grow(); its unfilled rest is slack.
void iobuf::push_grown(fragment* added) {
  push(added);
  slack_ = static_cast<uint32_t>(added->of->size - added->length);
  growth_ = fragment_steps_to(added->of->size) & 0xf;
}

void iobuf::push_front(fragment* added) {
  fragments_.push_front(added);
  length_ += added->length;
  count_home(owner(added));
}

/// Makes empty fragments with room for `bytes`; the first has the size after `steps` steps of growth. Makes
/// none when memory is short.
bool iobuf::grow(shard& here, size_t bytes, size_t steps, intrusive_list<fragment>& grown) {
  while (bytes > 0) {
    const size_t size = fragment_sizes[next_fragment_step(steps, bytes)];
    fragment* added = make_room(here, size);
    if (added == nullptr) {
      while (fragment* unused = grown.pop_front()) here.release(unused);
      return false;
    }
    grown.push_back(added);
    bytes -= std::min(bytes, size);
    steps = fragment_steps_to(size);
  }
  return true;
}

}  // namespace corebuf
