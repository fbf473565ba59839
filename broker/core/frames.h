// PUBLISH packets on their way to subscribers. A message is encoded once per shape (what the
// bytes depend on, but for the packet id), and all receivers of the shape share the result; a
// large payload is never copied into it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "broker/core/letter.h"
#include "broker/core/outgoing.h"
#include "protocol/codec.h"

namespace mq::broker {

struct Shape {
  bool v5 = true;
  Qos qos = Qos::at_most_once;
  bool dup = false;
  bool retain = false;
  const Identifiers* identifiers = nullptr;  // only with v5; nothing: none
  std::uint16_t alias = 0;                   // only with v5: the topic's number on this link
  bool alias_is_known = false;               // to the receiver: the topic is left out
  std::size_t mount_bytes = 0;               // of the topic, that the receiver does not see
};

// One packet, as one or two pieces to send.
struct Frame {
  Bytes head;     // with a small payload inside
  Bytes payload;  // a large one
  std::size_t size() const { return head.size() + payload.size(); }
};

// What is left of a lifetime, in whole seconds (v5 MQTT-3.3.2-6).
std::uint32_t lifetime_left(Instant expires_at, Instant now);

class Frames {
 public:
  Frames() = default;
  Frames(const Frames&) = delete;  // it points into itself
  Frames& operator=(const Frames&) = delete;

  Frame make(const Letter& letter, const Shape& shape, PacketId packet_id, Instant now);
  // Where the head that make() gave last says what is left of the lifetime; 0: nowhere.
  std::size_t expiry_at() const { return last_->layout.expiry_at; }

 private:
  struct Encoded {
    std::vector<std::byte> head;
    PublishHead layout;
    Bytes shared;  // the head of a QoS 0 packet, which is the same for everybody
    std::uint16_t alias = 0;
    bool alias_is_known = false;
  };

  void encode_into(Encoded& encoded, const Letter& letter, const Shape& shape, Instant now);

  // DUP is patched, so it makes no shape of its own.
  // With an alias there is room for one number per shape: fan-out makes the same one for all.
  static constexpr std::size_t shapes = 18;
  static std::size_t index(const Shape& shape) {
    return (shape.alias != 0 ? 12u
            : shape.v5       ? 6u
                             : 0u) +
           (shape.retain ? 3u : 0u) + static_cast<std::size_t>(shape.qos);
  }

  // What `encoded_` is about: a letter, and the moment, which the expiry interval depends on.
  std::uint64_t serial_ = 0;
  Instant at_{};
  std::uint32_t known_ = 0;  // a bit per shape
  std::array<Encoded, shapes> encoded_;
  const Encoded* last_ = &for_one_;
  Encoded for_one_;  // with subscription identifiers, or for who sees a part of the topic
  std::vector<Property> more_;
};

}  // namespace mq::broker
