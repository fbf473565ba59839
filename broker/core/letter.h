// A message on its way through the broker: one object, shared by the retained tree and by all
// sessions that owe it.
#pragma once

#include <cstdint>
#include <memory>

#include "base/time.h"
#include "broker/core/record.h"

namespace mq::broker {

struct Letter {
  Message message;
  Instant arrived;
  std::uint64_t serial = 0;                    // unique in this broker's life
  MessageNumber number = MessageNumber::none;  // given when the message is first recorded

  // What a queue counts for it.
  std::size_t bytes() const { return message.topic.size() + message.payload.size(); }
  // Whether it may no longer be sent to anybody who has not begun to receive it (v5 MQTT-3.3.2-5).
  // Passing it on in the instant of its arrival is always in time.
  bool expired(Instant now) const {
    return message.expires_at && now >= *message.expires_at && now != arrived;
  }
};

using LetterRef = std::shared_ptr<Letter>;

}  // namespace mq::broker
