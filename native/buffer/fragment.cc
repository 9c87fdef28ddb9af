#include "buffer/fragment.h"

#include <new>

namespace corebuf {

fragment* fragment::make(shard& home, buffer& of, std::byte* data, size_t length) {
  void* memory = home.heap().allocate_record(sizeof(fragment));
  if (memory == nullptr) return nullptr;
  fragment* made = new (memory) fragment;
  made->of = &of;
  made->data = data;
  made->length = length;
  ++of.count;
  of.refer(home, length);
  return made;
}

void drop_fragment(shard& home, homebound* object) {
  ASSERT_HOME(home.id());
  fragment* dropped = static_cast<fragment*>(object);
  buffer* of = dropped->of;
  of->refer(home, 0, dropped->length);
  home.heap().free(dropped);
  if (--of->count == 0) of->destroy(home);
}

}  // namespace corebuf
