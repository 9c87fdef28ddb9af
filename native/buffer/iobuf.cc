#include "buffer/iobuf.h"

#include <algorithm>
#include <cstring>

#include "buffer/crc32c.h"
#include "memory/address_map.h"

namespace corebuf {

namespace {

/// Counts that a fragment has `bytes` fewer. The home counts the bytes that fragments refer to; for a
/// fragment of another home it does so when the fragment comes back.
void shorten(shard& here, fragment& trimmed, size_t bytes) {
  trimmed.length -= bytes;
  if (owner(&trimmed) == here.id()) trimmed.of->refer(here, 0, bytes);
}

}  // namespace

bool iobuf::append(shard& here, std::span<const std::byte> bytes, copy_kind kind) {
  const size_t fitting = std::min<size_t>(slack_, bytes.size());
  intrusive_list<fragment> grown;
  if (bytes.size() > fitting && !grow(here, bytes.size() - fitting, growth_, grown)) return false;

  if (fitting > 0) {
    std::memcpy(fragments_.back()->end(), bytes.data(), fitting);
    fragments_.back()->length += fitting;
    fragments_.back()->of->refer(here, fitting);
    length_ += fitting;
    slack_ -= static_cast<uint32_t>(fitting);
  }
  here.ledger_here().count_copy(kind, bytes.size());
  bytes = bytes.subspan(fitting);
  while (fragment* added = grown.pop_front()) {
    added->length = std::min(added->of->size, bytes.size());
    added->of->refer(here, added->length);
    std::memcpy(added->data, bytes.data(), added->length);
    bytes = bytes.subspan(added->length);
    push_grown(added);
  }
  return true;
}

bool iobuf::append_copy(shard& here, const iobuf& other) {
  size_t left = other.length_;  // `other` may be this chain
  if (left <= slack_) {
    other.copy_out(0, slack());
    here.ledger_here().count_copy(copy_kind::append, left);
    publish(here, left);
    return true;
  }
  iobuf copy;
  copy.growth_ = growth_;
  for (const fragment* at = other.front(); left > 0; at = next(at)) {
    if (!copy.append(here, {at->data, at->length})) {
      copy.release(here);
      return false;
    }
    left -= at->length;
  }
  link(std::move(copy));
  return true;
}

bool iobuf::append_reference(shard& here, buffer& of) {
  fragment* added = fragment::make(here, of, of.data, of.size);
  if (added == nullptr) return false;
  push(added);
  return true;
}

bool iobuf::extend(shard& here, const buffer& of, const std::byte* data, size_t length) {
  fragment* last = fragments_.back();
  if (last == nullptr || last->of != &of || last->end() != data) return false;
  DEBUG_ASSERT(slack_ == 0 && owner(last) == here.id());
  last->length += length;
  last->of->refer(here, length);
  length_ += length;
  return true;
}

void iobuf::take(shard& here, iobuf& source) {
  ASSERT(&source != this);
  here.ledger_here().moved += source.length_;
  link(std::move(source));
}

bool iobuf::take_front(shard& here, size_t length, iobuf& into) {
  ASSERT(length <= length_);
  intact_ = false;
  fragment* last = nullptr;
  size_t count = 0;
  size_t whole = 0;
  for (fragment* at = fragments_.front(); at != nullptr && whole + at->length <= length;
       at = intrusive_list<fragment>::next_of(at)) {
    last = at;
    whole += at->length;
    ++count;
  }
  iobuf edge;
  if (length > whole && !share(here, whole, length - whole, edge)) return false;

  if (last != nullptr) {
    into.link(fragments_.take_front(last, count), whole, home_);
    length_ -= whole;
    here.ledger_here().moved += whole;
    if (fragments_.empty()) forget();
  }
  if (length > whole) {
    into.link(std::move(edge));
    trim_front(here, length - whole);
  }
  return true;
}

bool iobuf::share(shard& here, size_t start, size_t length, iobuf& into) {
  chain_position front;
  return share(here, start, length, into, front);
}

bool iobuf::share(shard& here, size_t start, size_t length, iobuf& into, chain_position& position) {
  ASSERT(start <= length_ && length <= length_ - start);
  intact_ = false;
  iobuf shared;
  walk_to(start, position);
  chain_position reached = position;
  for (start -= position.start; length > 0; start = 0) {
    fragment* from = at(reached);
    if (owner(from) != here.id()) from = localise(here, reached.before, from);
    const size_t bytes = from == nullptr ? 0 : std::min(from->length - start, length);
    fragment* reference = from == nullptr ? nullptr : fragment::make(here, *from->of, from->data + start, bytes);
    if (reference == nullptr) {
      shared.release(here);
      return false;
    }
    shared.push(reference);
    length -= bytes;
    if (length > 0) step(reached);
  }
  here.ledger_here().shared += shared.length_;
  into.link(std::move(shared));
  return true;
}

/// Replaces `foreign`, which lies behind `before`, by a fragment of this shard; `foreign` becomes the one
/// reference of a proxy.
fragment* iobuf::localise(shard& here, fragment* before, fragment* foreign) {
  buffer* proxy = buffer::make_proxy(here, foreign);
  if (proxy == nullptr) return nullptr;
  fragment* local = fragment::make(here, *proxy, foreign->data, foreign->length);
  if (local == nullptr) {
    here.heap().free(proxy);
    return nullptr;
  }
  fragments_.replace_after(before, local);
  foreign->next = local;  // Cursors at `foreign` go on from here.
  home_ = fragments_.size() == 1 ? here.id() : mixed_homes;
  return local;
}

void iobuf::trim_front(shard& here, size_t length) {
  ASSERT(length <= length_);
  intact_ = false;
  length_ -= length;
  while (length > 0 && fragments_.front()->length <= length) {
    fragment* trimmed = fragments_.pop_front();
    length -= trimmed->length;
    here.release(trimmed);
  }
  if (length > 0) {
    fragments_.front()->data += length;
    shorten(here, *fragments_.front(), length);
  }
  if (fragments_.empty()) forget();
}

void iobuf::trim_back(shard& here, size_t length) {
  ASSERT(length <= length_);
  seal();
  if (length == 0) return;
  if (length == length_) return release(here);
  const size_t kept = length_ - length;
  fragment* last = fragments_.front();
  size_t count = 1;
  size_t bytes = last->length;
  for (; bytes < kept; ++count) {
    last = intrusive_list<fragment>::next_of(last);
    bytes += last->length;
  }
  shorten(here, *last, bytes - kept);
  intrusive_list<fragment> front = fragments_.take_front(last, count);
  intrusive_list<fragment> trimmed = std::move(fragments_);
  fragments_ = std::move(front);
  length_ = kept;
  if (trimmed.empty()) return;
  if (home_ == mixed_homes) here.release(intrusive_list<homebound>(std::move(trimmed)));
  else here.release(intrusive_list<homebound>(std::move(trimmed)), home_);
}

void iobuf::release(shard& here) {
  if (home_ == mixed_homes) {
    here.release(intrusive_list<homebound>(std::move(fragments_)));
  } else if (home_ != no_shard) {
    here.release(intrusive_list<homebound>(std::move(fragments_)), home_);
  }
  forget();
}

size_t iobuf::copy_out(size_t start, std::span<std::byte> into) const {
  chain_position front;
  return copy_out(start, into, front);
}

size_t iobuf::copy_out(size_t start, std::span<std::byte> into, chain_position& position) const {
  if (start >= length_ || into.empty()) return 0;
  walk_to(start, position);
  start -= position.start;
  size_t copied = 0;
  for (const fragment* from = at(position); from != nullptr && copied < into.size(); from = next(from)) {
    const size_t bytes = std::min(from->length - start, into.size() - copied);
    std::memmove(into.data() + copied, from->data + start, bytes);
    copied += bytes;
    start = 0;
  }
  return copied;
}

void iobuf::walk_to(size_t start, chain_position& position) const {
  chain_position reached = position.start > start ? chain_position() : position;
  while (!empty() && start - reached.start >= at(reached)->length && step(reached)) continue;
  position = reached;
}

void iobuf::walk_to_index(size_t index, chain_position& position) const {
  if (position.index > index) position = {};
  while (position.index < index && step(position)) continue;
}

/// False at the last fragment, which may still grow: a position behind it would not stay valid.
bool iobuf::step(chain_position& position) const {
  fragment* passed = at(position);
  if (passed == nullptr || passed == fragments_.back()) return false;
  position = {passed, position.index + 1, position.start + passed->length};
  return true;
}

uint32_t iobuf::crc32c(uint32_t seed) const {
  for (const fragment* at = front(); at != nullptr; at = next(at)) {
    seed = corebuf::crc32c(seed, {at->data, at->length});
  }
  return seed;
}

std::span<std::byte> iobuf::slack() const {
  if (slack_ == 0) return {};
  return {fragments_.back()->end(), slack_};
}

void iobuf::publish(shard& here, size_t written) {
  ASSERT(written <= slack_);
  if (written == 0) return;
  fragments_.back()->length += written;
  fragments_.back()->of->refer(here, written);
  length_ += written;
  slack_ -= static_cast<uint32_t>(written);
}

size_t iobuf::referenced_of(shard_id home) const {
  if (home_ != home && home_ != mixed_homes) return 0;
  size_t bytes = 0;
  for (const fragment* at = fragments_.front(); at != nullptr; at = intrusive_list<fragment>::next_of(at)) {
    if (owner(at) == home && at->of->kind != buffer_kind::proxy) bytes += at->length;
  }
  return bytes;
}

intrusive_list<homebound> iobuf::depart(shard& here) {
  here.ledger_here().moved += length_;
  intrusive_list<homebound> departing(std::move(fragments_));
  forget();
  return departing;
}

bool iobuf::can_arrive(const intrusive_list<homebound>& payload, size_t length) {
  size_t bytes = 0;
  for (const homebound* at = payload.front(); at != nullptr && bytes < length; at = at->next) {
    bytes += static_cast<const fragment*>(at)->length;
  }
  return bytes == length;
}

iobuf iobuf::arrive(intrusive_list<homebound>& payload, size_t length) {
  iobuf arrived;
  while (arrived.length_ < length) {
    ASSERT(!payload.empty());
    arrived.push(static_cast<fragment*>(payload.pop_front()));
  }
  ASSERT(arrived.length_ == length);
  return arrived;
}

void iobuf::push(fragment* added) {
  fragments_.push_back(added);
  length_ += added->length;
  slack_ = 0;
  growth_ = 0;
  count_home(owner(added));
}

/// Links all of `added` behind the end, with its slack.
void iobuf::link(iobuf&& added) {
  if (added.fragments_.empty()) return;
  link(std::move(added.fragments_), added.length_, added.home_);
  slack_ = added.slack_;
  growth_ = added.growth_;
  added.forget();
}

void iobuf::link(intrusive_list<fragment>&& added, size_t bytes, shard_id home) {
  if (added.empty()) return;
  fragments_.splice(std::move(added));
  length_ += bytes;
  slack_ = 0;
  growth_ = 0;
  count_home(home);
}

void iobuf::forget() {
  fragments_.forget();
  length_ = 0;
  slack_ = 0;
  home_ = no_shard;
  growth_ = 0;
  front_growth_ = 0;
  intact_ = false;
}

void iobuf::swap(iobuf& other) noexcept {
  fragments_.swap(other.fragments_);
  std::swap(length_, other.length_);
  std::swap(slack_, other.slack_);
  std::swap(home_, other.home_);
  const uint8_t growth = growth_, front_growth = front_growth_;
  growth_ = other.growth_;
  front_growth_ = other.front_growth_;
  other.growth_ = growth & 0xf;
  other.front_growth_ = front_growth & 0xf;
  std::swap(intact_, other.intact_);
}

void iobuf::invariant() const {
  fragments_.invariant();
  size_t bytes = 0;
  for (const fragment* at = front(); at != nullptr; at = next(at)) {
    const shard_id home = owner(at);
    ASSERT(home != no_shard && owner(at->of) == home);
    ASSERT(home_ == home || home_ == mixed_homes);
    ASSERT(at->length > 0 || at->of->size == 0);
    ASSERT(at->data >= at->of->data && at->end() <= at->of->data + at->of->size);
    bytes += at->length;
  }
  ASSERT(bytes == length_);
  ASSERT((home_ == no_shard) == fragments_.empty());
  if (slack_ > 0)
    ASSERT(fragments_.back()->end() + slack_ <= fragments_.back()->of->data + fragments_.back()->of->size);
}

}  // namespace corebuf
