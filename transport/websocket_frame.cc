#include "transport/websocket_frame.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mq::transport {
namespace {

unsigned number(std::byte byte) { return std::to_integer<unsigned>(byte); }

bool is_control(Opcode opcode) { return static_cast<unsigned>(opcode) >= 8; }

bool is_known(Opcode opcode) {
  const auto value = static_cast<unsigned>(opcode);
  return value <= 2 || (value >= 8 && value <= 10);
}

FrameFault broken(std::string why) { return {close_code::protocol_error, std::move(why)}; }

void mask_bytes(std::span<std::byte> bytes, const std::array<std::byte, 4>& mask,
                std::uint64_t from) {
  std::array<std::byte, 8> turned;
  for (std::size_t i = 0; i < 8; ++i) turned[i] = mask[(from + i) % 4];
  std::uint64_t wide = 0;
  std::memcpy(&wide, turned.data(), 8);
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes.data() + at, 8);
    eight ^= wide;
    std::memcpy(bytes.data() + at, &eight, 8);
  }
  for (std::size_t i = 0; at + i < bytes.size(); ++i) bytes[at + i] ^= turned[i];
}

}  // namespace

// How long the header is, as far as that is known.
std::size_t FrameReader::header_size() const {
  if (header_bytes_ < 2) return 2;
  const unsigned length = number(header_[1]) & 0x7F;
  const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  const bool masked = (number(header_[1]) & 0x80) != 0;
  return 2 + extended + (masked ? 4 : 0);
}

std::optional<FrameFault> FrameReader::begin_frame() {
  const unsigned first = number(header_[0]);
  const unsigned second = number(header_[1]);
  opcode_ = static_cast<Opcode>(first & 0xF);
  is_final_ = (first & 0x80) != 0;
  if ((first & 0x70) != 0) return broken("a reserved bit of a frame is set");
  if (!is_known(opcode_)) return broken("a frame has an unknown opcode");
  const bool masked = (second & 0x80) != 0;
  if (sender_ == FrameSender::client && !masked) return broken("a frame of the client has no mask");
  if (sender_ == FrameSender::server && masked) return broken("a frame of the server has a mask");
  const unsigned short_length = second & 0x7F;
  std::size_t at = 2;
  left_ = short_length;
  if (short_length >= 126) {
    left_ = 0;
    const std::size_t size = short_length == 126 ? 2 : 8;
    for (; at < 2 + size; ++at) left_ = left_ << 8 | number(header_[at]);
    if ((left_ >> 63) != 0) return broken("a frame's length is above 2^63");
    if (left_ < (size == 2 ? 126U : 0x10000U))
      return broken("a frame's length is not in its shortest form");
  }
  if (is_control(opcode_)) {
    if (!is_final_) return broken("a control frame is fragmented");
    if (left_ > 125) return broken("a control frame has more than 125 bytes");
  } else {
    if (opcode_ == Opcode::text)
      return FrameFault{close_code::not_acceptable, "MQTT comes in binary frames, not in text"};
    if (opcode_ == Opcode::continuation && !in_message_) return broken("a frame continues nothing");
    if (opcode_ == Opcode::binary && in_message_)
      return broken("a message begins within another one");
    if (left_ > payload_bytes_max_)
      return FrameFault{close_code::too_big, "a frame has " + std::to_string(left_) +
                                                 " bytes, more than " +
                                                 std::to_string(payload_bytes_max_)};
    in_message_ = !is_final_;
  }
  if (masked) std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(at), 4, mask_.begin());
  masked_ = 0;
  control_bytes_ = 0;
  return std::nullopt;
}

void FrameReader::unmask(std::span<std::byte> payload) {
  if (sender_ == FrameSender::client) mask_bytes(payload, mask_, masked_);
  masked_ += payload.size();
}

FrameReader::Event FrameReader::next(std::span<std::byte>& bytes) {
  using What = Event::What;
  while (true) {
    if (!in_payload_) {
      while (header_bytes_ < header_size()) {
        if (bytes.empty()) return {};
        header_[header_bytes_++] = bytes.front();
        bytes = bytes.subspan(1);
      }
      if (auto fault = begin_frame()) return {.what = What::fault, .fault = std::move(*fault)};
      header_bytes_ = 0;
      in_payload_ = true;
    }
    const auto piece = bytes.first(
        static_cast<std::size_t>(std::min(left_, static_cast<std::uint64_t>(bytes.size()))));
    unmask(piece);
    bytes = bytes.subspan(piece.size());
    left_ -= piece.size();
    in_payload_ = left_ > 0;
    if (!is_control(opcode_)) {
      if (!piece.empty()) return {.what = What::data, .data = piece};
      if (in_payload_) return {};
      continue;
    }
    std::copy(piece.begin(), piece.end(), control_.begin() + control_bytes_);
    control_bytes_ = static_cast<std::uint8_t>(control_bytes_ + piece.size());
    if (in_payload_) return {};
    return {.what = What::control,
            .data = std::span(control_).first(control_bytes_),
            .opcode = opcode_};
  }
}

void append_frame(std::vector<std::byte>& to, Opcode opcode, std::span<const std::byte> payload,
                  Rng* random) {
  const std::uint64_t size = payload.size();
  const unsigned mask_bit = random != nullptr ? 0x80 : 0;
  to.reserve(to.size() + payload.size() + 14);
  to.push_back(static_cast<std::byte>(0x80 | static_cast<unsigned>(opcode)));
  const int extended = size < 126 ? 0 : size <= 0xFFFF ? 2 : 8;
  to.push_back(static_cast<std::byte>(mask_bit | (extended == 0   ? static_cast<unsigned>(size)
                                                  : extended == 2 ? 126U
                                                                  : 127U)));
  for (int shift = 8 * (extended - 1); shift >= 0 && extended > 0; shift -= 8)
    to.push_back(static_cast<std::byte>(size >> shift));
  std::array<std::byte, 4> mask{};
  if (random != nullptr) {
    const std::uint64_t drawn = random->next();
    for (std::size_t i = 0; i < 4; ++i) mask[i] = static_cast<std::byte>(drawn >> (8 * i));
    to.insert(to.end(), mask.begin(), mask.end());
  }
  const std::size_t begin = to.size();
  to.insert(to.end(), payload.begin(), payload.end());
  if (random != nullptr) mask_bytes(std::span(to).subspan(begin), mask, 0);
}

}  // namespace mq::transport
