#include "net/frames.h"

#include <array>

namespace corebuf {

namespace {

uint32_t field_of(const iobuf& chain, const frame_layout& layout) {
  std::array<std::byte, 4> field;
  chain.copy_out(0, {field.data(), layout.length_bytes});
  uint32_t value = 0;
  for (uint32_t at = 0; at < layout.length_bytes; ++at) {
    const uint32_t place = layout.little_endian ? at : layout.length_bytes - 1 - at;
    value |= std::to_integer<uint32_t>(field[at]) << (8 * place);
  }
  return value;
}

}  // namespace

frame_front frame_in_front(const iobuf& chain, const frame_layout& layout) {
  if (chain.length() < layout.length_bytes) return {frame_state::partial, layout.length_bytes};
  const uint32_t field = field_of(chain, layout);
  const uint32_t own = layout.includes_itself ? layout.length_bytes : 0;
  if (field < own || field - own > layout.length_max) return {frame_state::wrong, field};
  const uint64_t bytes = uint64_t{layout.length_bytes} + field - own;
  return {bytes <= chain.length() ? frame_state::whole : frame_state::partial, bytes};
}

bool take_frame(shard& here, iobuf& chain, size_t bytes, const frame_layout& layout, iobuf& into) {
  if (!chain.take_front(here, bytes, into)) return false;
  if (!layout.keep_length) into.trim_front(here, layout.length_bytes);
  return true;
}

}  // namespace corebuf
