#include "protocol/reason_code.h"

#include <array>
#include <cstddef>

#include "protocol/packet.h"

namespace mq {
namespace {

// A set of packets, one bit per kind.
using Kinds = std::uint16_t;
constexpr Kinds bit(Kind kind) { return static_cast<Kinds>(1U << static_cast<unsigned>(kind)); }
constexpr Kinds none = 0;
constexpr Kinds connack = bit(Kind::conn_ack);
constexpr Kinds refusable = bit(Kind::pub_ack) | bit(Kind::pub_rec);
constexpr Kinds release = bit(Kind::pub_rel) | bit(Kind::pub_comp);
constexpr Kinds suback = bit(Kind::sub_ack);
constexpr Kinds unsuback = bit(Kind::unsub_ack);
constexpr Kinds disconnect = bit(Kind::disconnect);
constexpr Kinds auth = bit(Kind::auth);

struct Row {
  ReasonCode code;
  const char* name;
  Kinds from_client;
  Kinds from_server;
};

// Table 2-6 with the column "Sent by" of tables 3-13 (DISCONNECT) and 3-11 (AUTH). The two
// disagree about 0x8C in DISCONNECT, which is taken from either side: both may end a failed
// re-authentication with it (section 4.12.1).
constexpr auto rows = std::to_array<Row>({
    {ReasonCode::success, "Success", refusable | release | disconnect,
     refusable | release | connack | suback | unsuback | disconnect | auth},
    {ReasonCode::granted_qos_1, "Granted QoS 1", none, suback},
    {ReasonCode::granted_qos_2, "Granted QoS 2", none, suback},
    {ReasonCode::disconnect_with_will, "Disconnect with Will Message", disconnect, none},
    {ReasonCode::no_matching_subscribers, "No matching subscribers", refusable, refusable},
    {ReasonCode::no_subscription_existed, "No subscription existed", none, unsuback},
    {ReasonCode::continue_authentication, "Continue authentication", auth, auth},
    {ReasonCode::re_authenticate, "Re-authenticate", auth, none},
    {ReasonCode::unspecified_error, "Unspecified error", refusable | disconnect,
     refusable | connack | suback | unsuback | disconnect},
    {ReasonCode::malformed_packet, "Malformed Packet", disconnect, connack | disconnect},
    {ReasonCode::protocol_error, "Protocol Error", disconnect, connack | disconnect},
    {ReasonCode::implementation_specific_error, "Implementation specific error",
     refusable | disconnect, refusable | connack | suback | unsuback | disconnect},
    {ReasonCode::unsupported_protocol_version, "Unsupported Protocol Version", none, connack},
    {ReasonCode::client_identifier_not_valid, "Client Identifier not valid", none, connack},
    {ReasonCode::bad_user_name_or_password, "Bad User Name or Password", none, connack},
    {ReasonCode::not_authorized, "Not authorized", refusable,
     refusable | connack | suback | unsuback | disconnect},
    {ReasonCode::server_unavailable, "Server unavailable", none, connack},
    {ReasonCode::server_busy, "Server busy", none, connack | disconnect},
    {ReasonCode::banned, "Banned", none, connack},
    {ReasonCode::server_shutting_down, "Server shutting down", none, disconnect},
    {ReasonCode::bad_authentication_method, "Bad authentication method", disconnect,
     connack | disconnect},
    {ReasonCode::keep_alive_timeout, "Keep Alive timeout", none, disconnect},
    {ReasonCode::session_taken_over, "Session taken over", none, disconnect},
    {ReasonCode::topic_filter_invalid, "Topic Filter invalid", none,
     suback | unsuback | disconnect},
    {ReasonCode::topic_name_invalid, "Topic Name invalid", refusable | disconnect,
     refusable | connack | disconnect},
    {ReasonCode::packet_identifier_in_use, "Packet Identifier in use", refusable,
     refusable | suback | unsuback},
    {ReasonCode::packet_identifier_not_found, "Packet Identifier not found", release, release},
    {ReasonCode::receive_maximum_exceeded, "Receive Maximum exceeded", disconnect, disconnect},
    {ReasonCode::topic_alias_invalid, "Topic Alias invalid", disconnect, disconnect},
    {ReasonCode::packet_too_large, "Packet too large", disconnect, connack | disconnect},
    {ReasonCode::message_rate_too_high, "Message rate too high", disconnect, disconnect},
    {ReasonCode::quota_exceeded, "Quota exceeded", refusable | disconnect,
     refusable | connack | suback | disconnect},
    {ReasonCode::administrative_action, "Administrative action", disconnect, disconnect},
    {ReasonCode::payload_format_invalid, "Payload format invalid", refusable | disconnect,
     refusable | connack | disconnect},
    {ReasonCode::retain_not_supported, "Retain not supported", none, connack | disconnect},
    {ReasonCode::qos_not_supported, "QoS not supported", none, connack | disconnect},
    {ReasonCode::use_another_server, "Use another server", none, connack | disconnect},
    {ReasonCode::server_moved, "Server moved", none, connack | disconnect},
    {ReasonCode::shared_subscriptions_not_supported, "Shared Subscriptions not supported", none,
     suback | disconnect},
    {ReasonCode::connection_rate_exceeded, "Connection rate exceeded", none, connack | disconnect},
    {ReasonCode::maximum_connect_time, "Maximum connect time", none, disconnect},
    {ReasonCode::subscription_identifiers_not_supported, "Subscription Identifiers not supported",
     none, suback | disconnect},
    {ReasonCode::wildcard_subscriptions_not_supported, "Wildcard Subscriptions not supported", none,
     suback | disconnect},
});

constexpr std::uint8_t no_row = 0xFF;

constexpr auto row_of_code = [] {
  std::array<std::uint8_t, 256> index{};
  index.fill(no_row);
  for (std::size_t i = 0; i < rows.size(); ++i)
    index[static_cast<std::uint8_t>(rows[i].code)] = static_cast<std::uint8_t>(i);
  return index;
}();

bool fits_3_1_1(std::uint8_t code, Kind kind) {
  if (kind == Kind::conn_ack) return code <= 5;
  if (kind == Kind::sub_ack) return code <= 2 || code == 0x80;
  return code == 0;
}

}  // namespace

bool reason_fits(ReasonCode reason, Kind kind, Version version, Sender from) {
  const auto code = static_cast<std::uint8_t>(reason);
  if (version != Version::v5) return fits_3_1_1(code, kind);
  const std::uint8_t row = row_of_code[code];
  if (row == no_row) return false;
  const Kinds kinds = from == Sender::client ? rows[row].from_client : rows[row].from_server;
  return (kinds & bit(kind)) != 0;
}

const char* name(ReasonCode reason) {
  const std::uint8_t row = row_of_code[static_cast<std::uint8_t>(reason)];
  return row == no_row ? "Unknown reason code" : rows[row].name;
}

const char* name(ReasonCode reason, Kind kind, Version version) {
  if (reason == ReasonCode::success && kind == Kind::disconnect) return "Normal disconnection";
  if (reason == ReasonCode::success && kind == Kind::sub_ack) return "Granted QoS 0";
  if (version == Version::v5) return name(reason);
  if (kind == Kind::sub_ack && failed(reason)) return "Failure";
  if (kind != Kind::conn_ack) return name(reason);
  static constexpr auto names = std::to_array<const char*>(
      {"Connection Accepted", "Unacceptable protocol version", "Identifier rejected",
       "Server unavailable", "Bad user name or password", "Not authorized"});
  const auto code = static_cast<std::size_t>(reason);
  return code < names.size() ? names[code] : "Unknown return code";
}

}  // namespace mq
