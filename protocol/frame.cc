#include "protocol/frame.h"

#include <optional>

namespace mq::wire {
namespace {

enum class Way : std::uint8_t { up, down, both, both_in_v5 };

Way way(Kind kind) {
  switch (kind) {
    case Kind::connect:
    case Kind::subscribe:
    case Kind::unsubscribe:
    case Kind::ping_req:
      return Way::up;
    case Kind::conn_ack:
    case Kind::sub_ack:
    case Kind::unsub_ack:
    case Kind::ping_resp:
      return Way::down;
    case Kind::disconnect:
      return Way::both_in_v5;
    default:
      return Way::both;
  }
}

bool goes_this_way(Kind kind, Version version, Sender from) {
  switch (way(kind)) {
    case Way::up:
      return from == Sender::client;
    case Way::down:
      return from == Sender::server;
    case Way::both_in_v5:
      return from == Sender::client || version == Version::v5;
    case Way::both:
      break;
  }
  return true;
}

bool flags_are_as_reserved(Kind kind, std::uint8_t flags, Version version) {
  const bool has_qos_1 =
      kind == Kind::pub_rel || kind == Kind::subscribe || kind == Kind::unsubscribe;
  // In 3.1 these three are QoS 1 packets and are sent again with the DUP flag.
  if (has_qos_1 && version == Version::v3_1) flags &= 0b0111;
  return flags == (has_qos_1 ? 0b0010 : 0);
}

std::optional<Rule> first_byte_breaks(Kind kind, std::uint8_t flags, Version version, Sender from) {
  if (kind == Kind{0} || (kind == Kind::auth && version != Version::v5))
    return Rule::packet_kind_is_known;
  if (!goes_this_way(kind, version, from)) return Rule::packet_goes_this_way;
  if (kind != Kind::publish) {
    if (!flags_are_as_reserved(kind, flags, version))
      return Rule::fixed_header_flags_are_as_reserved;
    return std::nullopt;
  }
  const unsigned qos = (flags >> 1) & 3U;
  if (qos == 3) return Rule::qos_is_below_three;
  if (qos == 0 && (flags & 0b1000) != 0) return Rule::qos_0_is_no_dup;
  return std::nullopt;
}

}  // namespace

std::variant<NeedMore, FixedHeader, Malformed> read_fixed_header(std::span<const std::byte> bytes,
                                                                 Version version, Sender from) {
  if (bytes.empty()) return NeedMore{};
  const auto first = std::to_integer<std::uint8_t>(bytes[0]);
  FixedHeader header{static_cast<Kind>(first >> 4), static_cast<std::uint8_t>(first & 0xF), true, 0,
                     0};
  if (const auto broken = first_byte_breaks(header.kind, header.flags, version, from))
    return Malformed{*broken, 0};
  std::size_t body = 0;
  for (std::size_t i = 1; i <= 4; ++i) {
    if (i == bytes.size()) return NeedMore{};
    const auto byte = std::to_integer<std::size_t>(bytes[i]);
    body |= (byte & 0x7F) << (7 * (i - 1));
    if ((byte & 0x80) != 0) continue;
    header.is_minimal = i == 1 || byte != 0;
    header.header_bytes = i + 1;
    header.packet_bytes = body + i + 1;
    // Which version counts for a CONNECT stands inside it.
    if (!header.is_minimal && version == Version::v5 && header.kind != Kind::connect)
      return Malformed{Rule::variable_integer_is_minimal, 1};
    return header;
  }
  return Malformed{Rule::remaining_length_has_four_bytes_at_most, 4};
}

}  // namespace mq::wire
