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

/// Compares the next `length` bytes, which both cursors have, as memcmp does.
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

/// Copies bytes from `from` on into `scratch`; `from` does not move. A run of more than `enough` bytes, other
/// than the first, ends the copy after `overlap` bytes, because it is better searched without a copy. Returns
/// bytes.
size_t gather(cursor from, size_t overlap, size_t enough, std::span<std::byte> scratch) {
  size_t gathered = 0;
  while (gathered < scratch.size()) {
    const std::span<const std::byte> run = from.run();
    const bool large = gathered > 0 && run.size() > enough;
    const size_t bytes = std::min(large ? overlap : run.size(), scratch.size() - gathered);
    std::copy_n(run.begin(), bytes, scratch.begin() + static_cast<ptrdiff_t>(gathered));
    gathered += bytes;
    if (large || bytes == 0) break;
    from.skip(bytes);
  }
  return gathered;
}

constexpr size_t scratch_bytes = 16 * KiB;
constexpr size_t needles_per_scratch = 4;
constexpr size_t searched_where_it_lies =
    4 * KiB;  // more than the length of the needle; shorter runs are gathered with their neighbours

/// Searches large runs without a copy, and gathers the bytes around their edges into `scratch`, which is
/// several times as long as the needle: no byte is looked at more than twice.
size_t find_in(const iobuf& chain, std::span<const std::byte> needle, size_t from,
               std::span<std::byte> scratch) {
  const size_t overlap = needle.size() - 1;
  const size_t enough = overlap + searched_where_it_lies;
  cursor at(chain, from);
  for (size_t left = chain.length() - from; left >= needle.size();) {
    std::span<const std::byte> searched = at.run(left);
    if (searched.size() < needle.size() || (overlap > 0 && searched.size() <= enough)) {
      searched = scratch.first(gather(at, overlap, enough, scratch));
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
  std::array<std::byte, scratch_bytes> scratch;
  if (needle.size() * needles_per_scratch <= scratch.size()) return find_in(chain, needle, from, scratch);
  const size_t wanted = needle.size() * needles_per_scratch;
  const std::unique_ptr<std::byte[]> large(new (std::nothrow) std::byte[wanted]);
  if (large == nullptr) return error{error_code::out_of_memory};
  return find_in(chain, needle, from, {large.get(), wanted});
}

}  // namespace corebuf
