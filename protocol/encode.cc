#include <cstring>

#include "base/ensure.h"
#include "base/overloaded.h"
#include "protocol/codec.h"
#include "protocol/property_table.h"

namespace mq {
namespace {

constexpr std::size_t text_bytes_limit = 65'535;
constexpr std::size_t variable_integer_limit = 268'435'455;

constexpr std::size_t variable_integer_bytes(std::size_t value) {
  return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4;
}

// Every body is put twice, first into a Counter and then into a Filler, so that a length is known
// before its field without a second description of the layout.
class Counter {
 public:
  void u8(std::size_t) { bytes_ += 1; }
  void u16(std::size_t) { bytes_ += 2; }
  void u32(std::size_t) { bytes_ += 4; }
  void variable_integer(std::size_t value) { bytes_ += variable_integer_bytes(value); }
  void raw(const void*, std::size_t size) { bytes_ += size; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

class Filler {
 public:
  Filler(std::byte* begin, const std::byte* end) : begin_(begin), at_(begin), end_(end) {}

  void u8(std::size_t value) { *at_++ = static_cast<std::byte>(value); }
  void u16(std::size_t value) {
    u8(value >> 8);
    u8(value);
  }
  void u32(std::size_t value) {
    u16(value >> 16);
    u16(value);
  }
  void variable_integer(std::size_t value) {
    for (; value >= 128; value >>= 7) u8(value | 0x80);
    u8(value);
  }
  void raw(const void* from, std::size_t size) {
    if (size != 0) std::memcpy(at_, from, size);
    at_ += size;
  }
  std::size_t bytes() const { return static_cast<std::size_t>(at_ - begin_); }
  void finish() const { ensure(at_ == end_, "a packet is as long as counted"); }

 private:
  std::byte* begin_;
  std::byte* at_;
  const std::byte* end_;
};

template <class Sink>
void put_field(Sink& sink, const void* data, std::size_t size) {
  ensure(size <= text_bytes_limit, "a field of at most 65,535 bytes");
  sink.u16(size);
  sink.raw(data, size);
}
template <class Sink>
void put(Sink& sink, std::string_view text) {
  put_field(sink, text.data(), text.size());
}
template <class Sink>
void put(Sink& sink, const Bytes& binary) {
  put_field(sink, binary.data(), binary.size());
}
template <class Sink>
void put(Sink& sink, PacketId id) {
  sink.u16(static_cast<std::uint16_t>(id));
}
template <class Sink>
void put(Sink& sink, ReasonCode reason) {
  sink.u8(static_cast<std::uint8_t>(reason));
}

template <class Sink>
void put_number(Sink& sink, PropertyForm form, std::uint32_t value) {
  switch (form) {
    case PropertyForm::byte:
      ensure(value <= 0xFF, "a number of one byte");
      return sink.u8(value);
    case PropertyForm::two_bytes:
      ensure(value <= 0xFFFF, "a number of two bytes");
      return sink.u16(value);
    case PropertyForm::four_bytes:
      return sink.u32(value);
    default:
      ensure(value <= variable_integer_limit, "a variable byte integer");
      return sink.variable_integer(value);
  }
}

bool has_form(const PropertyValue& value, PropertyForm form) {
  switch (form) {
    case PropertyForm::text:
      return std::holds_alternative<std::string>(value);
    case PropertyForm::binary:
      return std::holds_alternative<Bytes>(value);
    case PropertyForm::text_pair:
      return std::holds_alternative<UserProperty>(value);
    default:
      return std::holds_alternative<std::uint32_t>(value);
  }
}

// Where the message expiry went is kept for encode_publish_head().
template <class Sink>
void put(Sink& sink, const Property& property, std::size_t& expiry_at) {
  const PropertyInfo* info = property_info(static_cast<std::uint8_t>(property.id));
  ensure(info != nullptr && has_form(property.value, info->form),
         "a property of the standard with a value of its type");
  sink.u8(static_cast<std::uint8_t>(property.id));
  if (property.id == PropertyId::message_expiry_interval) expiry_at = sink.bytes();
  std::visit(overloaded{[&](std::uint32_t number) { put_number(sink, info->form, number); },
                        [&](const std::string& text) { put(sink, std::string_view(text)); },
                        [&](const Bytes& binary) { put(sink, binary); },
                        [&](const UserProperty& pair) {
                          put(sink, std::string_view(pair.key));
                          put(sink, std::string_view(pair.value));
                        }},
             property.value);
}

template <class Sink>
std::size_t put_properties(Sink& sink, std::span<const Property> all,
                           std::span<const Property> more = {}) {
  std::size_t expiry_at = 0;
  Counter counter;
  for (const Property& property : all) put(counter, property, expiry_at);
  for (const Property& property : more) put(counter, property, expiry_at);
  sink.variable_integer(counter.bytes());
  expiry_at = 0;
  for (const Property& property : all) put(sink, property, expiry_at);
  for (const Property& property : more) put(sink, property, expiry_at);
  return expiry_at;
}

template <class Sink>
void put(Sink& sink, const Properties& properties, Version version) {
  if (version >= Version::v5) put_properties(sink, properties.all());
}

std::size_t connect_flags(const Connect& connect) {
  std::size_t flags = connect.clean_start ? 0x02 : 0;
  if (connect.will) {
    flags |= 0x04 | static_cast<std::size_t>(connect.will->qos) << 3;
    if (connect.will->retain) flags |= 0x20;
  }
  if (connect.password) flags |= 0x40;
  if (connect.user_name) flags |= 0x80;
  return flags;
}

template <class Sink>
void put_body(Sink& sink, const Connect& connect, Version) {
  const Version version = connect.version;
  put(sink, std::string_view(version == Version::v3_1 ? "MQIsdp" : "MQTT"));
  sink.u8(static_cast<std::uint8_t>(version));
  sink.u8(connect_flags(connect));
  sink.u16(connect.keep_alive);
  put(sink, connect.properties, version);
  put(sink, std::string_view(connect.client_id));
  if (connect.will) {
    put(sink, connect.will->properties, version);
    put(sink, std::string_view(connect.will->topic));
    put(sink, connect.will->payload);
  }
  if (connect.user_name) put(sink, std::string_view(*connect.user_name));
  if (connect.password) put(sink, *connect.password);
}

template <class Sink>
void put_body(Sink& sink, const ConnAck& ack, Version version) {
  sink.u8(ack.session_present ? 1 : 0);
  put(sink, ack.reason);
  put(sink, ack.properties, version);
}

template <class Sink, Kind kind>
void put_body(Sink& sink, const Acknowledgement<kind>& ack, Version version) {
  put(sink, ack.packet_id);
  if (version < Version::v5) return;
  if (ack.reason == ReasonCode::success && ack.properties.empty()) return;
  put(sink, ack.reason);
  if (!ack.properties.empty()) put(sink, ack.properties, version);
}

std::size_t options(const SubscriptionOptions& options, Version version) {
  std::size_t bits = static_cast<std::size_t>(options.qos);
  if (version < Version::v5) return bits;
  if (options.no_local) bits |= 0x04;
  if (options.retain_as_published) bits |= 0x08;
  return bits | static_cast<std::size_t>(options.retain_handling) << 4;
}

template <class Sink>
void put_body(Sink& sink, const Subscribe& subscribe, Version version) {
  put(sink, subscribe.packet_id);
  put(sink, subscribe.properties, version);
  for (const auto& entry : subscribe.entries) {
    put(sink, std::string_view(entry.filter));
    sink.u8(options(entry.options, version));
  }
}

template <class Sink>
void put_body(Sink& sink, const SubAck& ack, Version version) {
  put(sink, ack.packet_id);
  put(sink, ack.properties, version);
  for (const ReasonCode reason : ack.reasons) put(sink, reason);
}

template <class Sink>
void put_body(Sink& sink, const Unsubscribe& unsubscribe, Version version) {
  put(sink, unsubscribe.packet_id);
  put(sink, unsubscribe.properties, version);
  for (const std::string& filter : unsubscribe.filters) put(sink, std::string_view(filter));
}

template <class Sink>
void put_body(Sink& sink, const UnsubAck& ack, Version version) {
  put(sink, ack.packet_id);
  if (version < Version::v5) return;
  put(sink, ack.properties, version);
  for (const ReasonCode reason : ack.reasons) put(sink, reason);
}

template <class Sink>
void put_body(Sink&, const PingReq&, Version) {}
template <class Sink>
void put_body(Sink&, const PingResp&, Version) {}

template <class Sink>
void put_body(Sink& sink, const Disconnect& disconnect, Version version) {
  if (version < Version::v5) return;
  if (disconnect.reason == ReasonCode::success && disconnect.properties.empty()) return;
  put(sink, disconnect.reason);
  if (!disconnect.properties.empty()) put(sink, disconnect.properties, version);
}

// Unlike DISCONNECT, AUTH has no form with a reason code and without a property length.
template <class Sink>
void put_body(Sink& sink, const Auth& auth, Version) {
  if (auth.reason == ReasonCode::success && auth.properties.empty()) return;
  put(sink, auth.reason);
  put(sink, auth.properties, Version::v5);
}

std::size_t whole(std::size_t body_bytes) {
  ensure(body_bytes <= variable_integer_limit, "a packet that the wire format can express");
  return 1 + variable_integer_bytes(body_bytes) + body_bytes;
}

// Makes room at the end of `out`. Growth stays geometric, however often a packet is appended.
std::byte* extend(std::vector<std::byte>& out, std::size_t bytes) {
  const std::size_t before = out.size();
  out.resize(before + bytes);
  return out.data() + before;
}

std::size_t first_byte(Kind kind) {
  const bool has_qos_1 =
      kind == Kind::pub_rel || kind == Kind::subscribe || kind == Kind::unsubscribe;
  return static_cast<std::size_t>(kind) << 4 | (has_qos_1 ? 0b0010U : 0U);
}

template <class Body>
std::size_t body_bytes(const Body& packet, Version version) {
  Counter counter;
  put_body(counter, packet, version);
  return counter.bytes();
}

template <class Body>
void encode_plain(const Body& packet, Kind kind, Version version, std::vector<std::byte>& out) {
  const std::size_t body = body_bytes(packet, version);
  const std::size_t size = whole(body);
  std::byte* begin = extend(out, size);
  Filler filler(begin, begin + size);
  filler.u8(first_byte(kind));
  filler.variable_integer(body);
  put_body(filler, packet, version);
  filler.finish();
}

PublishShape shape(const Publish& packet) {
  return {.topic = packet.topic,
          .packet_id = packet.packet_id,
          .qos = packet.qos,
          .dup = packet.dup,
          .retain = packet.retain,
          .properties = packet.properties.all(),
          .payload_bytes = packet.payload.size()};
}

// All of a PUBLISH between the fixed header and the payload.
template <class Sink>
PublishHead put_head(Sink& sink, const PublishShape& publish, Version version) {
  PublishHead head;
  put(sink, publish.topic);
  if (publish.qos != Qos::at_most_once) {
    head.packet_id_at = sink.bytes();
    put(sink, publish.packet_id);
  }
  if (version >= Version::v5)
    head.expiry_at = put_properties(sink, publish.properties, publish.more_properties);
  return head;
}

std::size_t body_bytes(const PublishShape& publish, Version version) {
  Counter counter;
  put_head(counter, publish, version);
  return counter.bytes() + publish.payload_bytes;
}

std::size_t first_byte(const PublishShape& publish) {
  return static_cast<std::size_t>(Kind::publish) << 4 | (publish.dup ? 0b1000U : 0U) |
         static_cast<std::size_t>(publish.qos) << 1 | (publish.retain ? 1U : 0U);
}

}  // namespace

PublishHead encode_publish_head(const PublishShape& publish, Version version,
                                std::vector<std::byte>& out) {
  const std::size_t body = body_bytes(publish, version);
  const std::size_t size = whole(body) - publish.payload_bytes;
  std::byte* begin = extend(out, size);
  Filler filler(begin, begin + size);
  filler.u8(first_byte(publish));
  filler.variable_integer(body);
  PublishHead head = put_head(filler, publish, version);
  filler.finish();
  head.bytes = size;
  return head;
}

void PublishHead::set_packet_id(std::span<std::byte> encoded, PacketId id) const {
  ensure(packet_id_at != 0 && encoded.size() >= bytes, "a head with a packet identifier");
  Filler(encoded.data() + packet_id_at, nullptr).u16(static_cast<std::uint16_t>(id));
}

void PublishHead::set_expiry(std::span<std::byte> encoded, std::uint32_t seconds) const {
  ensure(expiry_at != 0 && encoded.size() >= bytes, "a head with a message expiry");
  Filler(encoded.data() + expiry_at, nullptr).u32(seconds);
}

void PublishHead::set_dup(std::span<std::byte> encoded) const {
  ensure(bytes != 0 && encoded.size() >= bytes, "a head");
  encoded[0] |= std::byte{0b1000};
}

void encode(const Publish& packet, Version version, std::vector<std::byte>& out) {
  encode_publish_head(shape(packet), version, out);
  out.insert(out.end(), packet.payload.data(), packet.payload.data() + packet.payload.size());
}

void encode(const Packet& packet, Version version, std::vector<std::byte>& out) {
  std::visit(
      overloaded{[&](const Publish& publish) { encode(publish, version, out); },
                 [&](const auto& other) { encode_plain(other, kind(packet), version, out); }},
      packet);
}

Bytes encode(const Packet& packet, Version version) {
  std::vector<std::byte> out;
  encode(packet, version, out);
  return Bytes::copy(out);
}

std::size_t encoded_bytes(const Publish& packet, Version version) {
  return whole(body_bytes(shape(packet), version));
}

std::size_t encoded_bytes(const Packet& packet, Version version) {
  return std::visit(
      overloaded{[&](const Publish& publish) { return encoded_bytes(publish, version); },
                 [&](const auto& other) { return whole(body_bytes(other, version)); }},
      packet);
}

}  // namespace mq
