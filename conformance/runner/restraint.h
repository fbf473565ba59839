// What a case would send that this target has said it does not take: packets too large, a QoS too
// high, one message more than it takes at a time. Refusing such a packet is no fault of the target,
// so the case is not for it, unless it is about just that.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "conformance/runner/case.h"
#include "conformance/runner/needs.h"
#include "protocol/packet.h"

namespace mq::conformance {

class Restraint {
 public:
  Restraint(const Case& one, const Abilities& abilities);

  // Why this packet is not for the target; empty if it is. `open`: messages of QoS 1 and 2 that
  // were sent on this connection and are not acknowledged.
  std::string against(const Packet& packet, std::size_t bytes, std::size_t open) const;

 private:
  std::string against(const Publish& publish, std::size_t open) const;
  std::string against(const Connect& connect) const;
  std::string against(const Subscribe& subscribe) const;
  std::string against_qos(Qos qos) const;
  std::string against_retain(bool retain) const;
  bool is_about(std::string_view limit) const { return own_.contains(limit); }

  const Abilities abilities_;
  std::set<std::string, std::less<>> own_;  // limits that the case is about
};

}  // namespace mq::conformance
