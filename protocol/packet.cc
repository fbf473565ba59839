#include "protocol/packet.h"

#include <array>
#include <cstddef>

namespace mq {

const char* name(Kind kind) {
  static constexpr auto names =
      std::to_array<const char*>({"Reserved", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC",
                                  "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE",
                                  "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"});
  const auto at = static_cast<std::size_t>(kind);
  return at < names.size() ? names[at] : "Reserved";
}

const char* name(Version version) {
  switch (version) {
    case Version::v3_1:
      return "3.1";
    case Version::v3_1_1:
      return "3.1.1";
    case Version::v5:
      return "5.0";
  }
  return "unknown version";
}

}  // namespace mq
