// What the two sides tell each other in CONNECT and CONNACK, and what follows from it for the
// connection (5.0: 3.1.2.11, 3.2.2.3).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "client/core/client.h"

namespace mq::client {

// What we grant to the broker: the limits of the settings, or the connect property that replaces
// one of them.
struct Grants {
  std::size_t packet_bytes;
  std::uint16_t receive_maximum;
  std::uint16_t topic_alias_maximum;
  bool problem_information;  // the broker may explain itself in any packet
  std::uint32_t session_expiry;
};
Grants grants(const Settings& settings);

// What the broker grants to us. The defaults are the standard's; all that 3.1.1 can say.
struct Terms {
  std::uint16_t receive_maximum = 0xFFFF;
  Qos maximum_qos = Qos::exactly_once;
  bool retain_available = true;
  std::size_t packet_bytes = packet_bytes_limit;
  std::uint16_t topic_aliases = 0;
  std::chrono::seconds keep_alive{0};
  bool wildcards_available = true;
  bool subscription_identifiers_available = true;
  bool shared_available = true;
};
Terms terms(const ConnAck& conn_ack, const Settings& settings);

// Whether the broker is asked to keep the session when the connection ends.
bool session_persists(const Settings& settings);

Connect make_connect(const Settings& settings, const std::string& client_id, bool clean_start);

// No further attempt with these settings can succeed.
bool refusal_is_final(Version version, ReasonCode reason);
// Reconnecting would fight what the broker decided.
bool farewell_is_final(ReasonCode reason);

// Of a DISCONNECT that a client sends because a peer broke `rule`.
ReasonCode farewell_reason(Rule rule);

}  // namespace mq::client
