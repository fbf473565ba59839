// Bytes that wait, first in, first out. Gives its memory back when it runs empty: most connections
// of a fleet are idle most of the time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace mq::sim {

class ByteQueue {
 public:
  std::size_t size() const { return bytes_.size() - head_; }
  bool empty() const { return size() == 0; }
  std::span<const std::byte> front(std::size_t count) const {
    return std::span(bytes_).subspan(head_, std::min(count, size()));
  }

  void push(std::span<const std::byte> bytes) {
    if (head_ >= 4096 && head_ * 2 >= bytes_.size()) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void pop(std::size_t count) {
    head_ += std::min(count, size());
    if (head_ == bytes_.size()) clear();
  }
  void keep_first(std::size_t count) {
    if (count == 0) return clear();
    bytes_.resize(head_ + std::min(count, size()));
  }
  std::size_t take(std::span<std::byte> into) {
    const std::span<const std::byte> taken = front(into.size());
    if (!taken.empty()) std::memcpy(into.data(), taken.data(), taken.size());
    const std::size_t count = taken.size();
    pop(count);
    return count;
  }
  void clear() {
    std::vector<std::byte>().swap(bytes_);
    head_ = 0;
  }

 private:
  std::vector<std::byte> bytes_;
  std::size_t head_ = 0;
};

}  // namespace mq::sim
