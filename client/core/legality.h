// Which packets a client may hear in which phase of its connection, as data: the test walks every
// (phase, version, kind), and a report can print the table.
#pragma once

#include <array>
#include <optional>

#include "protocol/packet.h"
#include "protocol/rule.h"

namespace mq::client {

enum class Phase : std::uint8_t {
  idle,               // not started
  backing_off,        // until the next attempt
  opening,            // OpenLink was ordered
  awaiting_conn_ack,  // CONNECT was sent
  connected,
  closing,  // CloseLink was ordered; LinkDown has not come
  stopped,
};

// First match wins; no kind: any other kind. `breaks_3` counts for 3.1 and 3.1.1.
struct HearRow {
  Phase phase;
  std::optional<Kind> kind;
  Rule breaks_3;
  Rule breaks_5;
};

inline constexpr std::array client_hears = {
    HearRow{Phase::awaiting_conn_ack, Kind::conn_ack, Rule::none, Rule::none},
    // Whether CONNECT named a method, without which no AUTH may come (v5 MQTT-4.12.0-6), is seen
    // when it is heard.
    HearRow{Phase::awaiting_conn_ack, Kind::auth, Rule::packet_kind_is_known, Rule::none},
    HearRow{Phase::awaiting_conn_ack, std::nullopt, Rule::connack_comes_first,
            Rule::connack_comes_first},
    HearRow{Phase::connected, Kind::conn_ack, Rule::connack_comes_once, Rule::connack_comes_once},
    HearRow{Phase::connected, Kind::auth, Rule::packet_kind_is_known, Rule::none},
    HearRow{Phase::connected, Kind::disconnect, Rule::packet_goes_this_way, Rule::none},
    HearRow{Phase::connected, Kind::connect, Rule::packet_goes_this_way,
            Rule::packet_goes_this_way},
    HearRow{Phase::connected, Kind::subscribe, Rule::packet_goes_this_way,
            Rule::packet_goes_this_way},
    HearRow{Phase::connected, Kind::unsubscribe, Rule::packet_goes_this_way,
            Rule::packet_goes_this_way},
    HearRow{Phase::connected, Kind::ping_req, Rule::packet_goes_this_way,
            Rule::packet_goes_this_way},
    HearRow{Phase::connected, std::nullopt, Rule::none, Rule::none},
};

// What a packet of this kind breaks by coming now. In phases without a connection nothing is
// heard at all.
constexpr Rule breaks_by_coming(Phase phase, Version version, Kind kind) {
  for (const HearRow& row : client_hears)
    if (row.phase == phase && (!row.kind || *row.kind == kind))
      return version == Version::v5 ? row.breaks_5 : row.breaks_3;
  return Rule::packet_goes_this_way;
}

}  // namespace mq::client
