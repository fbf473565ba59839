// Immutable bytes with a reference count: a payload is one buffer from the socket that brought
// it to every socket that takes it. Copying a Bytes copies a pointer; slicing one copies no more.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace mq {

class Bytes {
 public:
  Bytes() = default;

  static Bytes copy(std::span<const std::byte> from) {
    if (from.empty()) return {};
    Bytes made = uninitialised(from.size());
    std::memcpy(made.begin_, from.data(), from.size());
    return made;
  }
  static Bytes copy(std::string_view from) { return copy(std::as_bytes(std::span(from))); }

  // `fill(std::span<std::byte>)` writes all of the new buffer before anybody else can see it.
  template <class Fill>
  static Bytes make(std::size_t size, Fill&& fill) {
    if (size == 0) return {};
    Bytes made = uninitialised(size);
    std::forward<Fill>(fill)(std::span<std::byte>(made.begin_, size));
    return made;
  }

  Bytes(const Bytes& other) : block_(other.block_), begin_(other.begin_), size_(other.size_) {
    if (block_ != nullptr) block_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  Bytes(Bytes&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        begin_(std::exchange(other.begin_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Bytes& operator=(Bytes other) noexcept {
    std::swap(block_, other.block_);
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Bytes() {
    if (block_ != nullptr && block_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1)
      release(block_);
  }

  const std::byte* data() const { return begin_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<const std::byte> span() const { return {begin_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(begin_), size_}; }

  // The bytes [from, from + count) of the same buffer; clamped to what is there.
  Bytes slice(std::size_t from, std::size_t count) const {
    Bytes part(*this);
    part.begin_ += from < size_ ? from : size_;
    part.size_ = from < size_ ? (count < size_ - from ? count : size_ - from) : 0;
    return part;
  }

  friend bool operator==(const Bytes& a, const Bytes& b) { return a.text() == b.text(); }

 private:
  struct Block {
    std::atomic<std::uint32_t> owners;
  };

  static Bytes uninitialised(std::size_t size);
  static void release(Block* block);

  Block* block_ = nullptr;
  std::byte* begin_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace mq
