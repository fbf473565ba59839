#include <algorithm>

#include "protocol/codec.h"
#include "protocol/frame.h"

namespace mq {
namespace {

// An emptied buffer over this size is given back, so that ten thousand quiet links do not each
// keep the largest burst they ever saw.
constexpr std::size_t buffer_bytes_kept = 4096;

}  // namespace

PacketReader::PacketReader(Sender from, Version version, std::size_t packet_bytes_max)
    : from_(from), version_(version), packet_bytes_max_(packet_bytes_max) {}

void PacketReader::feed(std::span<const std::byte> bytes) {
  wire_begin_ = 0;
  wire_size_ = 0;
  if (fault_) return;
  // What was read is dropped when it is at least half: each byte is moved once on average.
  if (read_ * 2 >= buffer_.size()) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(read_));
    read_ = 0;
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

Decoded PacketReader::next() {
  if (fault_) return *fault_;
  if (read_ == buffer_.size()) {
    wire_begin_ = wire_size_ = read_ = 0;
    buffer_.clear();
    if (buffer_.capacity() > buffer_bytes_kept) buffer_ = std::vector<std::byte>();
    return NeedMore{};
  }
  const std::span<const std::byte> waiting = std::span(buffer_).subspan(read_);
  wire_begin_ = read_;
  wire_size_ = 0;
  const auto refuse = [&](Malformed fault, std::size_t packet_bytes) -> Decoded {
    fault_ = fault;
    wire_size_ = std::min(packet_bytes, waiting.size());
    return fault;
  };
  const auto read = wire::read_fixed_header(waiting, version_, from_);
  if (const auto* fault = std::get_if<Malformed>(&read)) return refuse(*fault, waiting.size());
  const auto* header = std::get_if<wire::FixedHeader>(&read);
  if (header == nullptr) return NeedMore{};
  if (header->packet_bytes > packet_bytes_max_)
    return refuse({Rule::packet_fits_the_maximum, 1}, header->packet_bytes);
  if (header->packet_bytes > waiting.size()) return NeedMore{};

  Decoded decoded =
      wire::decode_body(*header, waiting.first(header->packet_bytes), version_, from_);
  if (const auto* fault = std::get_if<Malformed>(&decoded))
    return refuse(*fault, header->packet_bytes);
  wire_size_ = header->packet_bytes;
  read_ += header->packet_bytes;
  if (header->kind == Kind::connect)
    version_ = std::get<Connect>(std::get<Packet>(decoded)).version;
  return decoded;
}

std::span<const std::byte> PacketReader::wire() const {
  return std::span(buffer_).subspan(wire_begin_, wire_size_);
}

std::size_t PacketReader::buffered_bytes() const { return buffer_.size() - read_; }

}  // namespace mq
