#include "broker/core/frames.h"

#include <chrono>
#include <cstring>

namespace mq::broker {

namespace {

// A payload from this size on travels beside its head; below, one copy is cheaper than a second
// buffer to send.
constexpr std::size_t separate_payload_from = 256;

}  // namespace

// The time that a message has waited counts in whole seconds too, so that passing it on at once
// leaves the number alone.
std::uint32_t lifetime_left(Instant expires_at, Instant now) {
  if (now >= expires_at) return 0;
  const auto left = std::chrono::ceil<std::chrono::seconds>(expires_at - now).count();
  return static_cast<std::uint32_t>(left);
}

void Frames::encode_into(Encoded& encoded, const Letter& letter, const Shape& shape, Instant now) {
  const Message& message = letter.message;
  const std::span<const std::byte> payload = message.payload.span();
  more_.clear();
  if (shape.v5 && message.expires_at)
    more_.push_back({PropertyId::message_expiry_interval, lifetime_left(*message.expires_at, now)});
  if (shape.v5 && shape.identifiers != nullptr)
    for (std::uint32_t id : *shape.identifiers)
      more_.push_back({PropertyId::subscription_identifier, id});
  if (shape.alias != 0) more_.push_back({PropertyId::topic_alias, std::uint32_t{shape.alias}});
  encoded.head.clear();
  encoded.layout = encode_publish_head(
      {.topic = shape.alias_is_known ? std::string_view()
                                     : std::string_view(message.topic).substr(shape.mount_bytes),
       .packet_id = shape.qos == Qos::at_most_once ? PacketId::none : PacketId{1},
       .qos = shape.qos,
       .retain = shape.retain,
       .properties = message.properties.all(),
       .more_properties = more_,
       .payload_bytes = payload.size()},
      shape.v5 ? Version::v5 : Version::v3_1_1, encoded.head);
  if (payload.size() < separate_payload_from)
    encoded.head.insert(encoded.head.end(), payload.begin(), payload.end());
  encoded.alias = shape.alias;
  encoded.alias_is_known = shape.alias_is_known;
  encoded.shared = shape.qos == Qos::at_most_once ? Bytes::copy(encoded.head) : Bytes();
}

Frame Frames::make(const Letter& letter, const Shape& shape, PacketId packet_id, Instant now) {
  if (serial_ != letter.serial || at_ != now) {
    known_ = 0;
    serial_ = letter.serial;
    at_ = now;
  }
  const bool alone =
      shape.mount_bytes > 0 || (shape.identifiers != nullptr && !shape.identifiers->empty());
  const std::uint32_t bit = alone ? 0 : 1u << index(shape);
  Encoded& encoded = alone ? for_one_ : encoded_[index(shape)];
  const bool same_alias =
      encoded.alias == shape.alias && encoded.alias_is_known == shape.alias_is_known;
  if ((known_ & bit) == 0 || !same_alias) encode_into(encoded, letter, shape, now);
  known_ |= bit;

  last_ = &encoded;

  Frame frame;
  if (letter.message.payload.size() >= separate_payload_from)
    frame.payload = letter.message.payload;
  if (shape.qos == Qos::at_most_once) {
    frame.head = encoded.shared;
    return frame;
  }
  frame.head = Bytes::make(encoded.head.size(), [&](std::span<std::byte> to) {
    std::memcpy(to.data(), encoded.head.data(), to.size());
    encoded.layout.set_packet_id(to, packet_id);
    if (shape.dup) encoded.layout.set_dup(to);
  });
  return frame;
}

}  // namespace mq::broker
