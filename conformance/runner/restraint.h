// What a case would send that this target has said it does not take: packets too large, a QoS too
// high, one message more than it takes at a time. Refusing such a packet is no fault of the target,
// so the case is not for it, unless it is about just that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "conformance/runner/case.h"
#include "conformance/runner/needs.h"
#include "protocol/codec.h"
#include "protocol/packet.h"

namespace mq::conformance {

// Whether a case is about something that CONNACK announces, `maximum_qos` say.
bool is_about(const Case& one, std::string_view announced);

class Restraint {
 public:
  // Ids of messages of QoS 1 and 2 that were sent on a connection and are not acknowledged.
  using Open = std::set<PacketId>;
  // What went over a connection before.
  struct Before {
    PacketReader reader;  // as the target has read it
    bool is_nothing = true;
    Open open;
  };

  Restraint(const Case& one, const Abilities& abilities);

  // Why these bytes are not for the target; empty if they are. They may hold several packets, or a
  // part of one, and break any rule.
  std::string against(std::span<const std::byte> bytes, Before before) const;

 private:
  std::string against(const Packet& packet, const Open& open) const;
  std::string against_broken(std::span<const std::byte> wire) const;
  std::string against(const Publish& publish, const Open& open) const;
  std::string against(const Connect& connect) const;
  std::string against(const Subscribe& subscribe) const;
  std::string against_qos(Qos qos) const;
  std::string against_retain(bool retain) const;
  bool is_about(std::string_view limit) const { return own_.contains(limit); }

  const Abilities abilities_;
  std::set<std::string, std::less<>> own_;  // limits that the case is about
};

}  // namespace mq::conformance
