#include "buffer/content.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>

#include "buffer/cursor.h"
#include "buffer/search.h"

namespace corebuf {

namespace {

/// memcmp of `length` bytes that both have.
template <typename One, typename Other>
int compare_runs(One one, Other other, size_t length) {
  while (length > 0) {
    const std::span<const std::byte> run = one.run(length);
    const std::span<const std::byte> beside = other.run(run.size());
    const int order = std::memcmp(run.data(), beside.data(), beside.size());
    if (order != 0) return order;
    one.skip(beside.size());
    other.skip(beside.size());
    length -= beside.size();
  }
  return 0;
}

template <typename Other>
int compare_all(const iobuf& chain, Other other, size_t other_length) {
  const int order = compare_runs(cursor(chain), other, std::min(chain.length(), other_length));
  if (order != 0) return order < 0 ? -1 : 1;
  return chain.length() == other_length ? 0 : chain.length() < other_length ? -1 : 1;
}

template <typename Other>
bool matches(const iobuf& chain, size_t position, Other wanted, size_t length) {
  return length <= chain.length() - position && compare_runs(cursor(chain, position), wanted, length) == 0;
}

/// Copies into `window` from `from` on, which stays where it is. A run of more than `enough` bytes, other
/// than the one it begins in, ends the window after `overlap` bytes: it is better searched where it lies.
/// Returns bytes.
size_t gather(cursor from, size_t overlap, size_t enough, std::span<std::byte> window) {
  size_t gathered = 0;
  while (gathered < window.size()) {
    const std::span<const std::byte> run = from.run();
    const bool large = gathered > 0 && run.size() > enough;
    const size_t bytes = std::min(large ? overlap : run.size(), window.size() - gathered);
    std::copy_n(run.begin(), bytes, window.begin() + static_cast<ptrdiff_t>(gathered));
    gathered += bytes;
    if (large || bytes == 0) break;
    from.skip(bytes);
  }
  return gathered;
}

constexpr size_t window_bytes = 16 * KiB;
constexpr size_t windows_per_needle = 4;
constexpr size_t searched_in_place =
    4 * KiB;  // beyond the length of the needle: less is gathered with its neighbours

/// Searches large runs where they lie, and gathers what lies around their edges into `window`, several times
/// as long as the needle: no byte is looked at more than twice.
size_t find_in(const iobuf& chain, std::span<const std::byte> needle, size_t from,
               std::span<std::byte> window) {
  const size_t overlap = needle.size() - 1;
  const size_t enough = overlap + searched_in_place;
  cursor at(chain, from);
  for (size_t left = chain.length() - from; left >= needle.size();) {
    std::span<const std::byte> searched = at.run(left);
    if (searched.size() < needle.size() || (overlap > 0 && searched.size() <= enough)) {
      searched = window.first(gather(at, overlap, enough, window));
    }
    const size_t found = search(searched, needle);
    if (found != not_found) return chain.length() - left + found;
    const size_t done = searched.size() - overlap;
    at.skip(done);
    left -= done;
  }
  return not_found;
}

}  // namespace

int compare(const iobuf& chain, const iobuf& other) {
  return compare_all(chain, cursor(other), other.length());
}

int compare(const iobuf& chain, std::span<const std::byte> other) {
  return compare_all(chain, flat_cursor(other), other.size());
}

bool equals(const iobuf& chain, const iobuf& other) {
  return &chain == &other || (chain.length() == other.length() && matches_at(chain, 0, other));
}

bool equals(const iobuf& chain, std::span<const std::byte> other) {
  return chain.length() == other.size() && matches_at(chain, 0, other);
}

bool matches_at(const iobuf& chain, size_t position, const iobuf& wanted) {
  return matches(chain, position, cursor(wanted), wanted.length());
}

bool matches_at(const iobuf& chain, size_t position, std::span<const std::byte> wanted) {
  return matches(chain, position, flat_cursor(wanted), wanted.size());
}

result<size_t> find(const iobuf& chain, std::span<const std::byte> needle, size_t from) {
  ASSERT(from <= chain.length());
  if (needle.empty()) return from;
  if (needle.size() > chain.length() - from) return not_found;
  std::array<std::byte, window_bytes> window;
  if (needle.size() * windows_per_needle <= window.size()) return find_in(chain, needle, from, window);
  const size_t wanted = needle.size() * windows_per_needle;
  const std::unique_ptr<std::byte[]> large(new (std::nothrow) std::byte[wanted]);
  if (large == nullptr) return error{error_code::out_of_memory};
  return find_in(chain, needle, from, {large.get(), wanted});
}

}  // namespace corebuf
