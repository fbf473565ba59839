#include "base/bytes.h"

#include <new>

namespace mq {

Bytes Bytes::uninitialised(std::size_t size) {
  void* memory = ::operator new(sizeof(Block) + size);
  Bytes made;
  made.block_ = new (memory) Block{1};
  made.begin_ = static_cast<std::byte*>(memory) + sizeof(Block);
  made.size_ = size;
  return made;
}

void Bytes::release(Block* block) {
  block->~Block();
  ::operator delete(block);
}

}  // namespace mq
