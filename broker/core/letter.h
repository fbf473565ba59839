// A message on its way through the broker: one object, shared by the retained tree and by all
// sessions that owe it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "broker/core/record.h"

namespace mq::broker {

// Properties weigh more in memory than on the wire.
inline std::size_t memory_of(const Property& property) {
  std::size_t sum = sizeof property;
  if (const auto* text = std::get_if<std::string>(&property.value)) sum += text->size();
  if (const auto* binary = std::get_if<Bytes>(&property.value)) sum += binary->size();
  if (const auto* user = std::get_if<UserProperty>(&property.value))
    sum += user->key.size() + user->value.size();
  return sum;
}

inline std::size_t bytes_of(std::string_view topic, const Bytes& payload,
                            const Properties& properties) {
  std::size_t sum = topic.size() + payload.size();
  for (const Property& property : properties.all()) sum += memory_of(property);
  return sum;
}

struct Letter {
  Message message;
  Instant arrived;
  std::uint64_t serial = 0;                    // unique in this broker's life
  MessageNumber number = MessageNumber::none;  // given when the message is first recorded
  // The record that must be durable before any copy leaves: of the receipt, at QoS 2.
  std::uint64_t needs = 0;

  // What a queue counts for it.
  std::size_t bytes() const { return bytes_of(message.topic, message.payload, message.properties); }
  // Whether it may no longer be sent to anybody who has not begun to receive it (v5 MQTT-3.3.2-5).
  // Passing it on in the instant of its arrival is always in time.
  bool expired(Instant now) const {
    return message.expires_at && now >= *message.expires_at && now != arrived;
  }
};

using LetterRef = std::shared_ptr<Letter>;

}  // namespace mq::broker
