// Frames of RFC 6455 section 5, read as they come: a payload is handed on in pieces, whatever its
// frame announced, so that nothing is kept but a header.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/rng.h"

namespace mq::transport {

enum class Opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

// Codes of a close frame, RFC 6455 section 7.4.1.
namespace close_code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t not_acceptable = 1003;
inline constexpr std::uint16_t too_big = 1009;
}  // namespace close_code

struct FrameFault {
  std::uint16_t code;
  std::string why;
};

enum class FrameSender : std::uint8_t { client, server };

class FrameReader {
 public:
  FrameReader(FrameSender sender, std::uint64_t payload_bytes_max)
      : sender_(sender), payload_bytes_max_(payload_bytes_max) {}

  struct Event {
    enum class What : std::uint8_t { none, data, control, fault };  // none: give more bytes
    What what = What::none;
    std::span<const std::byte> data;  // unmasked; until the next call
    Opcode opcode{};                  // of a control frame, which is whole
    FrameFault fault{};
  };
  // Takes from the front of `bytes` what it has understood.
  Event next(std::span<std::byte>& bytes);

 private:
  std::optional<FrameFault> begin_frame();
  std::size_t header_size() const;
  void unmask(std::span<std::byte> payload);

  const FrameSender sender_;
  const std::uint64_t payload_bytes_max_;
  std::array<std::byte, 14> header_{};
  std::uint8_t header_bytes_ = 0;
  std::array<std::byte, 125> control_{};
  std::uint8_t control_bytes_ = 0;
  std::array<std::byte, 4> mask_{};
  std::uint64_t left_ = 0;  // of the payload
  std::uint64_t masked_ = 0;
  Opcode opcode_{};
  bool in_payload_ = false;
  bool in_message_ = false;  // a binary message goes on in continuation frames
  bool is_final_ = false;
};

// A frame that is the whole message; with a mask, as a client must, if `random` is given.
void append_frame(std::vector<std::byte>& to, Opcode opcode, std::span<const std::byte> payload,
                  Rng* random);

}  // namespace mq::transport
