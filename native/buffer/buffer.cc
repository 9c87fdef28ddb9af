#include "buffer/buffer.h"

#include <cstring>
#include <new>

#include "buffer/fragment.h"

namespace corebuf {

namespace {

buffer* make_record(shard& home) {
  void* memory = home.heap().allocate_record(sizeof(buffer));
  return memory == nullptr ? nullptr : new (memory) buffer;
}

constexpr int poison = 0xde;

void scrub(scrubbing how, std::byte* data, size_t size) {
  if (__builtin_expect(how == scrubbing::none, 1)) return;
  std::memset(data, how == scrubbing::zero ? 0 : poison, size);
}

}  // namespace

buffer* buffer::make(shard& home, size_t size, size_t alignment) {
  buffer* made = make_record(home);
  if (made == nullptr) return nullptr;
  made->data = static_cast<std::byte*>(home.heap().allocate_aligned(size, alignment));
  made->size = size;
  if (made->data != nullptr) {
    home.holdings_here().pinned += size;
    return made;
  }
  home.heap().free(made);
  return nullptr;
}

buffer* buffer::wrap(shard& home, std::byte* data, size_t size, unpin_function unpin, void* pinned) {
  buffer* made = make_record(home);
  if (made == nullptr) return nullptr;
  made->kind = buffer_kind::wrapped;
  made->data = data;
  made->size = size;
  made->unpin = unpin;
  made->pinned = pinned;
  home.holdings_here().wrapped += size;
  return made;
}

buffer* buffer::make_proxy(shard& here, fragment* foreign) {
  buffer* made = make_record(here);
  if (made == nullptr) return nullptr;
  made->kind = buffer_kind::proxy;
  made->data = foreign->data;
  made->size = foreign->length;
  made->origin = foreign;
  return made;
}

void buffer::destroy(shard& home) {
  ASSERT_HOME(home.id());
  DEBUG_ASSERT(count == 0);
  refer(home, 0, referenced);
  switch (kind) {
    case buffer_kind::slab:
      home.holdings_here().pinned -= size;
      scrub(home.heap().scrub(), data, size);
      home.heap().free(data);
      break;
    case buffer_kind::wrapped:
      home.holdings_here().wrapped -= size;
      unpin(home, pinned);
      break;
    case buffer_kind::proxy:
      home.release(origin);
      break;
  }
  home.heap().free(this);
}

}  // namespace corebuf
