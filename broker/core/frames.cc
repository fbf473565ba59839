#include "broker/core/frames.h"

#include <chrono>
#include <cstring>

#include "protocol/codec.h"

namespace mq::broker {

namespace {

// A payload from this size on travels beside its head; below, one copy is cheaper than a second
// buffer to send.
constexpr std::size_t separate_payload_from = 256;

// What is left of the lifetime, in whole seconds (v5 MQTT-3.3.2-6). The time that a message has
// waited counts in whole seconds too, so that passing it on at once leaves the number alone.
std::uint32_t lifetime_left(Instant expires_at, Instant now) {
  if (now >= expires_at) return 0;
  const auto left = std::chrono::ceil<std::chrono::seconds>(expires_at - now).count();
  return static_cast<std::uint32_t>(left);
}

std::size_t remaining_length_bytes(std::span<const std::byte> packet) {
  std::size_t bytes = 1;
  while ((packet[bytes] & std::byte{0x80}) != std::byte{0}) ++bytes;
  return bytes;
}

}  // namespace

void Frames::encode_into(Encoded& encoded, const Letter& letter, const Shape& shape, Instant now) {
  const Message& message = letter.message;
  scratch_.topic = message.topic;
  scratch_.packet_id = shape.qos == Qos::at_most_once ? PacketId::none : PacketId{1};
  scratch_.qos = shape.qos;
  scratch_.dup = shape.dup;
  scratch_.retain = shape.retain;
  scratch_.payload = message.payload;
  scratch_.properties = {};
  if (shape.v5) {
    scratch_.properties = message.properties;
    if (message.expires_at)
      scratch_.properties.add(PropertyId::message_expiry_interval,
                              lifetime_left(*message.expires_at, now));
    if (shape.identifiers != nullptr)
      for (std::uint32_t id : *shape.identifiers)
        scratch_.properties.add(PropertyId::subscription_identifier, id);
  }
  encoded.head.clear();
  encode(scratch_, shape.v5 ? Version::v5 : Version::v3_1_1, encoded.head);
  encoded.packet_id_at = 1 + remaining_length_bytes(encoded.head) + 2 + message.topic.size();
  if (message.payload.size() >= separate_payload_from)
    encoded.head.resize(encoded.head.size() - message.payload.size());
  encoded.shared = shape.qos == Qos::at_most_once ? Bytes::copy(encoded.head) : Bytes();
  encoded.known = true;
  scratch_.payload = {};
}

Frame Frames::make(const Letter& letter, const Shape& shape, PacketId packet_id, Instant now) {
  if (serial_ != letter.serial || at_ != now) {
    for (Encoded& encoded : encoded_) encoded.known = false;
    serial_ = letter.serial;
    at_ = now;
  }
  const bool alone = shape.identifiers != nullptr && !shape.identifiers->empty();
  Encoded& encoded = alone ? with_identifiers_ : encoded_[index(shape)];
  if (alone || !encoded.known) encode_into(encoded, letter, shape, now);

  Frame frame;
  if (letter.message.payload.size() >= separate_payload_from)
    frame.payload = letter.message.payload;
  if (shape.qos == Qos::at_most_once) {
    frame.head = encoded.shared;
    return frame;
  }
  frame.head = Bytes::make(encoded.head.size(), [&](std::span<std::byte> to) {
    std::memcpy(to.data(), encoded.head.data(), to.size());
    const auto id = static_cast<std::uint16_t>(packet_id);
    to[encoded.packet_id_at] = std::byte(id >> 8);
    to[encoded.packet_id_at + 1] = std::byte(id & 0xFF);
  });
  return frame;
}

}  // namespace mq::broker
