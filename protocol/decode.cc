#include <utility>

#include "protocol/frame.h"
#include "protocol/topic.h"
#include "protocol/wire_reader.h"

namespace mq::wire {
namespace {

// What a body cannot say of itself.
struct Context {
  const FixedHeader& header;
  Version version;
  Sender from;
  bool is_v5() const { return version == Version::v5; }
};

PacketId packet_id(Reader& in) {
  const std::size_t at = in.at();
  const std::uint16_t id = in.u16();
  in.require(id != 0, Rule::packet_id_is_nonzero, at);
  return PacketId{id};
}

std::string topic_name(Reader& in) {
  const std::size_t at = in.at();
  std::string topic = in.text();
  if (const auto broken = topic_name_breaks(topic)) in.fail(*broken, at);
  return topic;
}

std::string topic_filter(Reader& in, const Context& context) {
  const std::size_t at = in.at();
  std::string filter = in.text();
  const auto broken =
      context.is_v5() ? topic_filter_breaks(filter) : plain_topic_filter_breaks(filter);
  if (broken) in.fail(*broken, at);
  return filter;
}

ReasonCode reason_code(Reader& in, const Context& context) {
  const std::size_t at = in.at();
  const auto reason = static_cast<ReasonCode>(in.u8());
  in.require(reason_fits(reason, context.header.kind, context.version, context.from),
             Rule::reason_code_is_of_this_packet, at);
  return reason;
}

Properties properties(Reader& in, const Context& context) {
  if (!context.is_v5()) return {};
  return in.properties(place(context.header.kind), context.from);
}

struct ConnectFlags {
  std::uint8_t bits;
  bool user_name() const { return (bits & 0x80) != 0; }
  bool password() const { return (bits & 0x40) != 0; }
  bool will_retain() const { return (bits & 0x20) != 0; }
  std::uint8_t will_qos() const { return (bits >> 3) & 3; }
  bool will() const { return (bits & 0x04) != 0; }
  bool clean_start() const { return (bits & 0x02) != 0; }
  bool reserved() const { return (bits & 0x01) != 0; }
};

void read_protocol(Reader& in, Connect& connect) {
  const std::size_t name_at = in.at();
  const std::string_view name = in.field();
  in.require(name == "MQTT" || name == "MQIsdp", Rule::protocol_name_is_mqtt, name_at);
  const std::size_t level_at = in.at();
  connect.version = static_cast<Version>(in.u8());
  const bool is_known = name == "MQTT"
                            ? connect.version == Version::v3_1_1 || connect.version == Version::v5
                            : connect.version == Version::v3_1;
  in.require(is_known, Rule::protocol_level_is_known, level_at);
}

ConnectFlags read_flags(Reader& in, Version version) {
  const std::size_t at = in.at();
  const ConnectFlags flags{in.u8()};
  in.require(!flags.reserved(), Rule::connect_reserved_flag_is_zero, at);
  in.require(flags.will() || (flags.will_qos() == 0 && !flags.will_retain()),
             Rule::will_flags_need_a_will, at);
  in.require(flags.will_qos() < 3, Rule::will_qos_is_below_three, at);
  in.require(version == Version::v5 || flags.user_name() || !flags.password(),
             Rule::password_needs_user_name, at);
  return flags;
}

void read_will(Reader& in, const Context& context, ConnectFlags flags, Will& will) {
  will.qos = Qos{flags.will_qos()};
  will.retain = flags.will_retain();
  if (context.is_v5()) will.properties = in.properties(will_properties, context.from);
  will.topic = topic_name(in);
  will.payload = in.binary();
}

void read(Reader& in, Context context, Connect& connect) {
  read_protocol(in, connect);
  context.version = connect.version;
  in.require(context.header.is_minimal || !context.is_v5(), Rule::variable_integer_is_minimal, 1);
  const ConnectFlags flags = read_flags(in, connect.version);
  connect.clean_start = flags.clean_start();
  connect.keep_alive = in.u16();
  const std::size_t properties_at = in.at();
  connect.properties = properties(in, context);
  in.require(connect.properties.binary(PropertyId::authentication_data) == nullptr ||
                 connect.properties.text(PropertyId::authentication_method) != nullptr,
             Rule::authentication_data_needs_a_method, properties_at);
  connect.client_id = in.text();
  if (flags.will()) read_will(in, context, flags, connect.will.emplace());
  // In 3.1 the length of the packet outweighs these flags: where it ends, the fields are missing.
  const auto is_there = [&] { return connect.version != Version::v3_1 || !in.at_end(); };
  if (flags.user_name() && is_there()) connect.user_name = in.text();
  if (flags.password() && is_there()) connect.password = in.binary();
}

void read(Reader& in, const Context& context, ConnAck& ack) {
  const std::size_t at = in.at();
  const std::uint8_t flags = in.u8();
  // 3.1 has no Session Present: there the whole byte is reserved.
  const unsigned known = context.version == Version::v3_1 ? 0U : 1U;
  in.require((flags & ~known) == 0, Rule::connack_flags_are_reserved, at);
  ack.session_present = flags != 0;
  ack.reason = reason_code(in, context);
  in.require(!ack.session_present || ack.reason == ReasonCode::success,
             Rule::refusal_has_no_session, at);
  ack.properties = properties(in, context);
}

void read(Reader& in, const Context& context, Publish& publish) {
  const std::uint8_t flags = context.header.flags;
  publish.dup = (flags & 0b1000) != 0;
  publish.qos = Qos{static_cast<std::uint8_t>((flags >> 1) & 3)};
  publish.retain = (flags & 0b0001) != 0;
  const std::size_t topic_at = in.at();
  publish.topic = in.text();
  const auto broken = topic_name_breaks(publish.topic);
  if (broken && !(publish.topic.empty() && context.is_v5())) in.fail(*broken, topic_at);
  if (publish.qos != Qos::at_most_once) publish.packet_id = packet_id(in);
  publish.properties = properties(in, context);
  in.require(!publish.topic.empty() || publish.properties.number(PropertyId::topic_alias),
             Rule::publish_names_a_topic, topic_at);
  publish.payload = in.rest();
}

template <Kind kind>
void read(Reader& in, const Context& context, Acknowledgement<kind>& ack) {
  ack.packet_id = packet_id(in);
  if (!context.is_v5() || in.at_end()) return;
  ack.reason = reason_code(in, context);
  if (!in.at_end()) ack.properties = properties(in, context);
}

SubscriptionOptions options(Reader& in, const Context& context, std::string_view filter) {
  const std::size_t at = in.at();
  const std::uint8_t bits = in.u8();
  const unsigned known = context.is_v5() ? 0b0011'1111U : 0b0000'0011U;
  in.require((bits & ~known) == 0, Rule::subscription_options_are_reserved, at);
  in.require((bits & 3) != 3, Rule::subscription_qos_is_below_three, at);
  const auto handling = static_cast<std::uint8_t>((bits >> 4) & 3);
  in.require(handling != 3, Rule::retain_handling_is_below_three, at);
  const SubscriptionOptions read{Qos{static_cast<std::uint8_t>(bits & 3)}, (bits & 4) != 0,
                                 (bits & 8) != 0, RetainHandling{handling}};
  in.require(!read.no_local || !shared(filter), Rule::shared_subscription_takes_local, at);
  return read;
}

void read(Reader& in, const Context& context, Subscribe& subscribe) {
  subscribe.packet_id = packet_id(in);
  subscribe.properties = properties(in, context);
  in.require(!in.at_end(), Rule::subscribe_names_a_filter, in.at());
  while (!in.at_end()) {
    auto& entry = subscribe.entries.emplace_back();
    entry.filter = topic_filter(in, context);
    entry.options = options(in, context, entry.filter);
  }
}

void read_reasons(Reader& in, const Context& context, std::vector<ReasonCode>& reasons) {
  in.require(!in.at_end(), Rule::suback_answers_each_filter, in.at());
  while (!in.at_end()) reasons.push_back(reason_code(in, context));
}

void read(Reader& in, const Context& context, SubAck& ack) {
  ack.packet_id = packet_id(in);
  ack.properties = properties(in, context);
  read_reasons(in, context, ack.reasons);
}

void read(Reader& in, const Context& context, Unsubscribe& unsubscribe) {
  unsubscribe.packet_id = packet_id(in);
  unsubscribe.properties = properties(in, context);
  in.require(!in.at_end(), Rule::unsubscribe_names_a_filter, in.at());
  while (!in.at_end()) unsubscribe.filters.push_back(topic_filter(in, context));
}

void read(Reader& in, const Context& context, UnsubAck& ack) {
  ack.packet_id = packet_id(in);
  if (!context.is_v5()) return;
  ack.properties = properties(in, context);
  read_reasons(in, context, ack.reasons);
}

void read(Reader&, const Context&, PingReq&) {}
void read(Reader&, const Context&, PingResp&) {}

void read(Reader& in, const Context& context, Disconnect& disconnect) {
  if (!context.is_v5() || in.at_end()) return;
  disconnect.reason = reason_code(in, context);
  if (!in.at_end()) disconnect.properties = properties(in, context);
}

void read(Reader& in, const Context& context, Auth& auth) {
  const std::size_t begin = in.at();
  if (in.at_end()) {
    in.require(reason_fits(ReasonCode::success, Kind::auth, context.version, context.from),
               Rule::reason_code_is_of_this_packet, begin);
    return;
  }
  auth.reason = reason_code(in, context);
  auth.properties = properties(in, context);
  const bool is_bare = auth.reason == ReasonCode::success && auth.properties.empty();
  in.require(is_bare || auth.properties.text(PropertyId::authentication_method) != nullptr,
             Rule::auth_names_its_method, begin + 1);
}

template <class T>
Decoded decode_as(Reader in, const Context& context) {
  Decoded decoded(std::in_place_type<Packet>, std::in_place_type<T>);
  read(in, context, std::get<T>(std::get<Packet>(decoded)));
  in.require(in.at_end(), Rule::packet_is_as_long_as_announced, in.at());
  if (in.fault()) decoded = *in.fault();
  return decoded;
}

}  // namespace

Decoded decode_body(const FixedHeader& header, std::span<const std::byte> packet, Version version,
                    Sender from) {
  const Reader in(packet, header.header_bytes);
  const Context context{header, version, from};
  switch (header.kind) {
    case Kind::connect:
      return decode_as<Connect>(in, context);
    case Kind::conn_ack:
      return decode_as<ConnAck>(in, context);
    case Kind::publish:
      return decode_as<Publish>(in, context);
    case Kind::pub_ack:
      return decode_as<PubAck>(in, context);
    case Kind::pub_rec:
      return decode_as<PubRec>(in, context);
    case Kind::pub_rel:
      return decode_as<PubRel>(in, context);
    case Kind::pub_comp:
      return decode_as<PubComp>(in, context);
    case Kind::subscribe:
      return decode_as<Subscribe>(in, context);
    case Kind::sub_ack:
      return decode_as<SubAck>(in, context);
    case Kind::unsubscribe:
      return decode_as<Unsubscribe>(in, context);
    case Kind::unsub_ack:
      return decode_as<UnsubAck>(in, context);
    case Kind::ping_req:
      return decode_as<PingReq>(in, context);
    case Kind::ping_resp:
      return decode_as<PingResp>(in, context);
    case Kind::disconnect:
      return decode_as<Disconnect>(in, context);
    case Kind::auth:
      return decode_as<Auth>(in, context);
  }
  return Malformed{Rule::packet_kind_is_known, 0};
}

}  // namespace mq::wire

namespace mq {

Decoded decode(std::span<const std::byte> bytes, Version version, Sender from) {
  const auto read = wire::read_fixed_header(bytes, version, from);
  if (const auto* fault = std::get_if<Malformed>(&read)) return *fault;
  const auto* header = std::get_if<wire::FixedHeader>(&read);
  if (header == nullptr || header->packet_bytes > bytes.size())
    return Malformed{Rule::packet_is_as_long_as_announced, bytes.size()};
  if (header->packet_bytes < bytes.size())
    return Malformed{Rule::packet_is_as_long_as_announced, header->packet_bytes};
  return wire::decode_body(*header, bytes, version, from);
}

}  // namespace mq
