// Which packet a client may send when (both standards, 3.1; AUTH: 5.0, 4.12). First match wins.
#pragma once

#include <array>
#include <optional>

#include "protocol/packet.h"
#include "protocol/rule.h"

namespace mq::broker {

enum class Phase : std::uint8_t {
  fresh,           // no CONNECT yet
  authenticating,  // CONNECT came; who it is from is being found out
  connected,       // CONNACK 0 is on its way
  closing,         // whatever still arrives is not looked at
};

struct LegalityRow {
  Phase phase;
  std::optional<Kind> kind;  // nothing: any other kind
  Rule breaks;
};

inline constexpr std::array server_hears = {
    LegalityRow{Phase::fresh, Kind::connect, Rule::none},
    LegalityRow{Phase::fresh, std::nullopt, Rule::connect_comes_first},
    // Only with an authentication method is anything read in this phase.
    LegalityRow{Phase::authenticating, Kind::auth, Rule::none},
    LegalityRow{Phase::authenticating, Kind::disconnect, Rule::none},
    LegalityRow{Phase::authenticating, std::nullopt, Rule::authentication_comes_first},
    LegalityRow{Phase::connected, Kind::connect, Rule::connect_comes_once},
    LegalityRow{Phase::connected, Kind::conn_ack, Rule::packet_goes_this_way},
    LegalityRow{Phase::connected, Kind::sub_ack, Rule::packet_goes_this_way},
    LegalityRow{Phase::connected, Kind::unsub_ack, Rule::packet_goes_this_way},
    LegalityRow{Phase::connected, Kind::ping_resp, Rule::packet_goes_this_way},
    LegalityRow{Phase::connected, std::nullopt, Rule::none},
    LegalityRow{Phase::closing, std::nullopt, Rule::disconnect_ends_link},
};

constexpr Rule broken_by(Phase phase, Kind kind) {
  for (const LegalityRow& row : server_hears)
    if (row.phase == phase && (!row.kind || *row.kind == kind)) return row.breaks;
  return Rule::none;
}

}  // namespace mq::broker
