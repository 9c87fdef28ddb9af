// Chains on several shards, and the strings that they should hold: every operation on a chain is done to its
// string too. `Choices` has below(n), which returns a number from 0 to n - 1: a random test draws it, a
// fuzzer reads it from its input. A difference ends the process.
#pragma once

#include <algorithm>
#include <array>
#include <string>

#include "base/assert.h"
#include "buffer/buffer_host_test_support.h"
#include "buffer/content.h"
#include "buffer/crc32c.h"
#include "buffer/scan.h"
#include "buffer/xxhash64.h"

namespace corebuf {

inline constexpr size_t modelled_shards = 3;

/// Checks that nothing lives on these shards, and no reference is under way between them, after all have
/// turned.
inline void expect_all_home(std::array<buffer_host*, modelled_shards> hosts) {
  // The reference of a proxy goes home only after the proxy has come home.
  for (size_t round = 0; round <= modelled_shards; ++round) {
    for (buffer_host* host : hosts) host->turn();
  }
  uint64_t sent = 0, received = 0;
  for (buffer_host* host : hosts) {
    ASSERT(host->live() == 0);
    host->act([](shard& here) { here.invariant(); });
    sent += (*host)->counters().returns_sent;
    received += (*host)->counters().returns_received;
  }
  ASSERT(sent == received);
}

template <typename Choices>
class chain_model {
 public:
  chain_model(std::array<buffer_host*, modelled_shards> hosts, Choices& given)
      : hosts_(hosts), given_(given) {}

  void step() {
    const size_t shard_number = given_.below(modelled_shards);
    buffer_host& host = *hosts_[shard_number];
    const acting_as here(host->id());
    modelled& chain = any_of(shard_number);
    modelled& beside = any_of(shard_number);
    if (given_.below(16) == 0) (*host).heap().fail_in(1 + given_.below(4));
    operate(*host, chain, beside);
    (*host).heap().fail_in(0);
    for (modelled* each : {&chain, &beside}) {
      if (each->text.size() > length_max) clear(*host, *each);
      agree(*each);
    }
  }

  void release_all() {
    for (size_t number = 0; number < modelled_shards; ++number) {
      const acting_as here((*hosts_[number])->id());
      for (modelled& each : chains_[number]) clear(**hosts_[number], each);
    }
  }

 private:
  static constexpr size_t chains_per_shard = 4;
  static constexpr size_t length_max = 60'000;

  struct modelled {
    iobuf chain;
    std::string text;
    scan scanned;         // valid until bytes have left the chain
    std::string to_scan;  // bytes that it has not visited yet

    void changed() {
      scanned = scan();
      to_scan.clear();
    }
  };

  void operate(shard& here, modelled& chain, modelled& beside) {
    switch (given_.below(23)) {
      case 0:
      case 1: return append(here, chain);
      case 2: return write_slack(here, chain);
      case 3: return append_copy(here, chain, beside);
      case 4: return take(here, chain, beside);
      case 5: return take_front(here, chain, beside);
      case 6:
      case 7: return share(here, chain, beside);
      case 8: return trim(here, chain, &iobuf::trim_front, true);
      case 9: return trim(here, chain, &iobuf::trim_back, false);
      case 10: return clear(here, chain);
      case 11:
      case 12: return send(here, chain);
      case 13: return chain.chain.seal();
      case 14: return static_cast<void>(hosts_[given_.below(modelled_shards)]->turn());
      case 15: return compare_with(chain, beside);
      case 16: return search_in(chain);
      case 17: return scan_on(chain);
      case 18: return prepend(here, chain);
      case 19: return prepend_copy(here, chain, beside);
      case 20: return reserve(here, chain);
      case 21: return coalesce(here, chain);
      default: return clear_slowly(here, chain);
    }
  }

  void append(shard& here, modelled& to) {
    const std::string text = some_text();
    if (to.chain.append(here, bytes_of(text))) to.text += text;
  }

  void prepend(shard& here, modelled& to) {
    const std::string text = some_text();
    if (!to.chain.prepend(here, bytes_of(text))) return;
    to.text.insert(0, text);
    to.changed();
  }

  void prepend_copy(shard& here, modelled& to, modelled& from) {
    if (!to.chain.prepend_copy(here, from.chain)) return;
    to.text.insert(0, std::string(from.text));
    to.changed();
  }

  /// Reserves a range and fills it.
  void reserve(shard& here, modelled& to) {
    const std::string text = letters(1 + given_.below(5000), given_.below(10'000));
    std::byte* reserved = to.chain.reserve(here, text.size());
    if (reserved == nullptr) return;
    ASSERT(std::all_of(reserved, reserved + text.size(), [](std::byte each) { return each == std::byte{0}; }));
    std::ranges::copy(bytes_of(text), reserved);
    to.text += text;
    to.changed();  // The scan may have read the zeros of the range.
  }

  void coalesce(shard& here, modelled& whole) {
    if (whole.chain.coalesce(here)) ASSERT(whole.chain.fragment_count() <= 1);
    whole.changed();
  }

  void write_slack(shard& here, modelled& to) {
    const std::span<std::byte> slack = to.chain.slack();
    const std::string text = letters(std::min(slack.size(), given_.below(100)), given_.below(10'000));
    std::ranges::copy(bytes_of(text), slack.begin());
    to.chain.publish(here, text.size());
    to.text += text;
  }

  void append_copy(shard& here, modelled& to, modelled& from) {
    if (to.chain.append_copy(here, from.chain)) to.text += std::string(from.text);
  }

  void take(shard& here, modelled& to, modelled& from) {
    if (&to == &from) return;
    to.chain.take(here, from.chain);
    to.text += from.text;
    from.text.clear();
    from.changed();
  }

  void take_front(shard& here, modelled& from, modelled& to) {
    const size_t length = position_in(from);
    if (&to == &from || !from.chain.take_front(here, length, to.chain)) return;
    to.text += from.text.substr(0, length);
    from.text.erase(0, length);
    from.changed();
  }

  void share(shard& here, modelled& from, modelled& to) {
    const size_t start = position_in(from);
    const size_t length = given_.below(from.text.size() - start + 1);
    if (from.chain.share(here, start, length, to.chain)) to.text += from.text.substr(start, length);
  }

  void trim(shard& here, modelled& trimmed, void (iobuf::*verb)(shard&, size_t), bool front) {
    const size_t length = position_in(trimmed);
    (trimmed.chain.*verb)(here, length);
    trimmed.text.erase(front ? 0 : trimmed.text.size() - length, length);
    trimmed.changed();
  }

  void clear(shard& here, modelled& cleared) {
    cleared.chain.release(here);
    cleared.text.clear();
    cleared.changed();
  }

  void clear_slowly(shard& here, modelled& cleared) {
    slice_quota least(std::chrono::microseconds(-1));
    clear_slice(here, cleared.chain, least);
    cleared.text.erase(0, cleared.text.size() - cleared.chain.length());
    cleared.changed();
  }

  /// Sends the chain to any shard, possibly the same one, where it is put behind another chain.
  void send(shard& here, modelled& sent) {
    const size_t number = given_.below(modelled_shards);
    modelled& to = any_of(number);
    intrusive_list<homebound> payload = sent.chain.depart(here);
    const std::string text = std::exchange(sent.text, {});
    sent.changed();
    hosts_[number]->act([&](shard& there) {
      iobuf arrived = iobuf::arrive(payload, text.size());
      ASSERT(payload.empty());
      to.chain.take(there, arrived);
    });
    to.text += text;
    agree(to);
  }

  void compare_with(modelled& chain, modelled& other) {
    const int order = chain.text.compare(other.text);
    const int expected = order < 0 ? -1 : order > 0 ? 1 : 0;
    ASSERT(compare(chain.chain, other.chain) == expected);
    ASSERT(compare(chain.chain, bytes_of(other.text)) == expected);
    ASSERT(equals(chain.chain, other.chain) == (expected == 0));
    const size_t position = position_in(chain);
    const bool there = chain.text.compare(position, other.text.size(), other.text) == 0;
    ASSERT(matches_at(chain.chain, position, other.chain) == there);
    ASSERT(matches_at(chain.chain, position, bytes_of(other.text)) == there);
  }

  void search_in(modelled& chain) {
    std::string needle =
        chain.text.substr(position_in(chain), given_.below(given_.below(8) == 0 ? 5000 : 40));
    if (!needle.empty() && given_.below(4) == 0) needle[given_.below(needle.size())] ^= 1;
    const size_t from = position_in(chain);
    ASSERT(find(chain.chain, bytes_of(needle), from).value() == chain.text.find(needle, from));
  }

  /// Scans some pieces, from the front when there is no scan to continue.
  void scan_on(modelled& chain) {
    if (chain.to_scan.empty()) {
      chain.scanned = scan(chain.chain);
      chain.to_scan = chain.text;
    }
    size_t pieces = given_.below(8);
    slice_quota endless(std::chrono::hours(1));
    chain.scanned.slice(endless, [&](std::span<const std::byte> piece) {
      if (pieces-- == 0) return false;
      ASSERT(std::ranges::equal(piece, bytes_of(chain.to_scan).first(piece.size())));
      chain.to_scan.erase(0, piece.size());
      return true;
    });
    ASSERT(chain.scanned.left == chain.to_scan.size());
  }

  void agree(const modelled& at) {
    at.chain.invariant();
    ASSERT(at.chain.length() == at.text.size());
    ASSERT(equals(at.chain, bytes_of(at.text)));
    ASSERT(at.chain.crc32c(0) == crc32c(0, bytes_of(at.text)));
    xxhash64 pieces, whole;
    for (const fragment* each = at.chain.front(); each != nullptr; each = iobuf::next(each))
      pieces.add({each->data, each->length});
    whole.add(bytes_of(at.text));
    ASSERT(pieces.digest() == whole.digest());
    const size_t start = position_in(at);
    std::string part(given_.below(100), '.');
    part.resize(at.chain.copy_out(start, std::as_writable_bytes(std::span(part))));
    ASSERT(part == at.text.substr(start, part.size()));
  }

  modelled& any_of(size_t shard_number) { return chains_[shard_number][given_.below(chains_per_shard)]; }
  size_t position_in(const modelled& at) { return given_.below(at.text.size() + 1); }
  std::string some_text() {
    const size_t length = given_.below(16) == 0 ? given_.below(20'000) : given_.below(400);
    return letters(length, given_.below(10'000));
  }

  std::array<buffer_host*, modelled_shards> hosts_;
  Choices& given_;
  std::array<std::array<modelled, chains_per_shard>, modelled_shards> chains_;
};

}  // namespace corebuf
