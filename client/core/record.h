// What the client asks its store to keep of its session, and what the store gives back after a
// restart: the client's half of the session state (3.1.1: 3.1.2.4, 5.0: 4.1).
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "protocol/packet.h"

namespace mq::client {

// An outgoing QoS 1 or 2 message, from its order until its last acknowledgement.
struct SavePublish {
  enum class Phase : std::uint8_t { queued, published, received };  // received: PUBREC came
  std::uint64_t position;                                           // order of sending
  Phase phase;
  Publish message;  // with its packet id once it is published
};
struct DropPublish {
  std::uint64_t position;
};
// A QoS 2 PUBLISH from the broker, handed to the application; its PUBREL has not come.
struct SaveIncoming {
  PacketId packet_id;
};
struct DropIncoming {
  PacketId packet_id;
};

using Record = std::variant<SavePublish, DropPublish, SaveIncoming, DropIncoming>;

struct Recovered {
  std::vector<Record> records;
};

}  // namespace mq::client
