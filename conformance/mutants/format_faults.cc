// Chapters 1, 2 and 4.7: text, integers, flags, identifiers, names.
#include <algorithm>

#include "conformance/mutants/bend.h"
#include "conformance/mutants/fault.h"

namespace mq::conformance {
namespace {

std::string without_bom(std::string text) {
  const std::string bom = "\xEF\xBB\xBF";
  for (std::size_t at; (at = text.find(bom)) != std::string::npos;) text.erase(at, bom.size());
  return text;
}

std::string in_capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

// Topics and filters are changed before anybody compares them.
Behaviour compares_after(std::string (*change)(std::string)) {
  return {.heard = [change](Passing& passing) {
    if (auto* publish = passing.as<Publish>()) publish->topic = change(publish->topic);
    if (auto* subscribe = passing.as<Subscribe>())
      for (auto& entry : subscribe->entries) entry.filter = change(entry.filter);
    if (auto* unsubscribe = passing.as<Unsubscribe>())
      for (auto& filter : unsubscribe->filters) filter = change(filter);
    if (passing.packet) passing.replace(*passing.packet);
  }};
}

Faults texts() {
  const Rule utf8 = Rule::string_is_utf8;
  const Rule null = Rule::string_has_no_null;
  return {
      {"takes text that is no UTF-8",
       "v5/MQTT-1.5.4-1 v3.1.1/MQTT-1.5.3-1 v5/MQTT-1.5.7-1 v5/MQTT-3.3.2-13 v5/MQTT-3.3.2-19",
       overlooks({utf8})},
      {"takes U+0000 in text",
       "v5/MQTT-1.5.4-2 v3.1.1/MQTT-1.5.3-2 v5/MQTT-4.7.3-2 v3.1.1/MQTT-4.7.3-2 v5/MQTT-1.5.7-1",
       overlooks({null})},
      {"takes a CONNECT with text that is no UTF-8",
       "v5/MQTT-3.1.3-4 v5/MQTT-3.1.3-11 v5/MQTT-3.1.3-12 v3.1.1/MQTT-3.1.3-4 "
       "v3.1.1/MQTT-3.1.3-10 v3.1.1/MQTT-3.1.3-11",
       overlooks({utf8, null}, {Kind::connect})},
      {"takes a topic that is no UTF-8", "v5/MQTT-3.3.2-1 v3.1.1/MQTT-3.3.2-1",
       overlooks({utf8}, {Kind::publish})},
      {"takes filters that are no UTF-8 in SUBSCRIBE", "v5/MQTT-3.8.3-1 v3.1.1/MQTT-3.8.3-1",
       overlooks({utf8, null}, {Kind::subscribe})},
      {"takes filters that are no UTF-8 in UNSUBSCRIBE", "v5/MQTT-3.10.3-1 v3.1.1/MQTT-3.10.3-1",
       overlooks({utf8, null}, {Kind::unsubscribe})},
      {"takes ASCII only in topics",
       "v5/MQTT-1.5.4-1 v3.1.1/MQTT-1.5.3-1 v5/MQTT-1.5.4-3 v3.1.1/MQTT-1.5.3-3",
       hears<Publish>([](Publish& publish, Passing& passing) {
         const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 128; };
         if (!std::all_of(publish.topic.begin(), publish.topic.end(), is_ascii)) passing.drop();
       })},
      {"leaves U+FEFF out of topics", "v5/MQTT-1.5.4-3 v3.1.1/MQTT-1.5.3-3",
       compares_after(without_bom)},
      {"compares topics without regard to case",
       "v5/MQTT-4.7.3-4 v3.1.1/MQTT-4.7.3-4 v5/MQTT-3.10.4-1 v3.1.1/MQTT-3.10.4-1",
       compares_after(in_capitals)},
  };
}

// The remaining length in one byte more than it needs.
void pad_length(Frame& bytes, const Passing&) {
  if (bytes.size() > 128) return;
  bytes[1] |= std::byte{0x80};
  bytes.insert(bytes.begin() + 2, std::byte{0});
}

void without_property_length(Frame& bytes, const Passing& passing) {
  if (!is_v5(passing) || bytes.size() > 127) return;
  const std::size_t at =
      kind_of(bytes) == Kind::publish ? 4 + static_cast<std::size_t>(bytes[3]) : std::size_t{4};
  if (bytes.size() <= at || bytes[at] != std::byte{0}) return;
  bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at));
  bytes[1] = static_cast<std::byte>(bytes.size() - 2);
}

void with_packet_id(Frame& bytes, const Passing& passing) {
  const auto* publish = passing.packet ? std::get_if<Publish>(&*passing.packet) : nullptr;
  if (publish == nullptr || publish->qos != Qos::at_most_once || bytes.size() > 120) return;
  const auto at = bytes.begin() + 4 + static_cast<std::ptrdiff_t>(publish->topic.size());
  bytes.insert(at, {std::byte{0}, std::byte{1}});
  bytes[1] = static_cast<std::byte>(bytes.size() - 2);
}

Faults headers() {
  const Rule flags = Rule::fixed_header_flags_are_as_reserved;
  return {
      {"sends lengths in more bytes than they need", "v5/MQTT-1.5.5-1",
       both(sends_bytes(Kind::conn_ack, pad_length), sends_bytes(Kind::sub_ack, pad_length))},
      {"takes any flags in the first byte", "v5/MQTT-2.1.3-1 v3.1.1/MQTT-2.2.2-2",
       overlooks({flags})},
      {"sends PINGRESP with a flag set", "v3.1.1/MQTT-2.2.2-1 v5/MQTT-2.1.3-1",
       sends_bytes(Kind::ping_resp,
                   [](Frame& bytes, const Passing&) { bytes[0] |= std::byte{1}; })},
      {"takes any flags in PUBREL", "v5/MQTT-3.6.1-1 v3.1.1/MQTT-3.6.1-1",
       overlooks({flags}, {Kind::pub_rel})},
      {"sends PUBREL with flags 0", "v5/MQTT-3.6.1-1 v3.1.1/MQTT-3.6.1-1",
       sends_bytes(Kind::pub_rel,
                   [](Frame& bytes, const Passing&) { bytes[0] = std::byte{0x60}; })},
      {"takes any flags in SUBSCRIBE", "v5/MQTT-3.8.1-1 v3.1.1/MQTT-3.8.1-1",
       overlooks({flags}, {Kind::subscribe})},
      {"takes any flags in UNSUBSCRIBE", "v5/MQTT-3.10.1-1 v3.1.1/MQTT-3.10.1-1",
       overlooks({flags}, {Kind::unsubscribe})},
      {"takes any flags in DISCONNECT", "v5/MQTT-3.14.1-1 v3.1.1/MQTT-3.14.1-1",
       overlooks({flags}, {Kind::disconnect})},
      {"takes any flags in AUTH", "v5/MQTT-3.15.1-1", overlooks({flags}, {Kind::auth})},
      {"sends CONNACK without a property length", "v5/MQTT-2.2.2-1",
       sends_bytes(Kind::conn_ack,
                   [](Frame& bytes, const Passing&) {
                     bytes.resize(4);
                     bytes[1] = std::byte{2};
                   })},
      {"leaves out an empty property length in SUBACK", "v5/MQTT-2.2.2-1",
       sends_bytes(Kind::sub_ack, without_property_length)},
      {"leaves out an empty property length in PUBLISH", "v5/MQTT-2.2.2-1",
       sends_bytes(Kind::publish, without_property_length)},
  };
}

Faults identifiers() {
  const Rule zero = Rule::packet_id_is_nonzero;
  return {
      {"sends QoS 0 messages with a packet identifier", "v5/MQTT-2.2.1-2 v3.1.1/MQTT-2.3.1-5",
       sends_bytes(Kind::publish, with_packet_id)},
      {"takes packet identifier 0", "v5/MQTT-2.2.1-3 v3.1.1/MQTT-2.3.1-1", overlooks({zero})},
      {"sends messages under packet identifier 0", "v5/MQTT-2.2.1-4 v3.1.1/MQTT-2.3.1-4",
       sends<Publish>([](Publish& publish, Passing&) { publish.packet_id = PacketId::none; })},
      {"sends all messages under one packet identifier",
       "v5/MQTT-2.2.1-4 v3.1.1/MQTT-2.3.1-4 v5/MQTT-4.3.2-1 v5/MQTT-4.3.3-1 v3.1.1/MQTT-4.3.2-1 "
       "v3.1.1/MQTT-4.3.3-1",
       sends<Publish>([](Publish& publish, Passing&) {
         if (publish.qos != Qos::at_most_once) publish.packet_id = PacketId{1};
       })},
      {"answers with PUBACK under another identifier",
       "v5/MQTT-2.2.1-5 v3.1.1/MQTT-2.3.1-6 v5/MQTT-4.3.2-4 v3.1.1/MQTT-4.3.2-2",
       sends_another_id<PubAck>()},
      {"answers with PUBREC under another identifier",
       "v5/MQTT-2.2.1-5 v3.1.1/MQTT-2.3.1-6 v5/MQTT-4.3.3-8 v3.1.1/MQTT-4.3.3-2",
       sends_another_id<PubRec>()},
      {"answers with PUBREL under another identifier",
       "v5/MQTT-2.2.1-5 v3.1.1/MQTT-2.3.1-6 v5/MQTT-4.3.3-4 v3.1.1/MQTT-4.3.3-1",
       sends_another_id<PubRel>()},
      {"answers with PUBCOMP under another identifier",
       "v5/MQTT-2.2.1-5 v5/MQTT-4.3.3-11 v3.1.1/MQTT-4.3.3-2", sends_another_id<PubComp>()},
      {"answers with SUBACK under another identifier",
       "v5/MQTT-2.2.1-6 v3.1.1/MQTT-2.3.1-7 v5/MQTT-3.8.4-2 v3.1.1/MQTT-3.8.4-2",
       sends_another_id<SubAck>()},
      {"answers with UNSUBACK under another identifier",
       "v5/MQTT-2.2.1-6 v3.1.1/MQTT-2.3.1-7 v5/MQTT-3.10.4-5 v3.1.1/MQTT-3.10.4-4",
       sends_another_id<UnsubAck>()},
  };
}

Faults names() {
  const Rule wildcards = Rule::topic_filter_wildcards_stand_alone;
  const auto is_long = [](std::string_view text) { return text.size() > 900; };
  return {
      {"takes wildcards in topic names",
       "v5/MQTT-3.3.2-2 v3.1.1/MQTT-3.3.2-2 v5/MQTT-4.7.0-1 v3.1.1/MQTT-4.7.1-1",
       overlooks({Rule::topic_name_has_no_wildcard})},
      {"takes `#` anywhere in filters, and `+` beside other characters",
       "v5/MQTT-4.7.1-1 v5/MQTT-4.7.1-2 v3.1.1/MQTT-4.7.1-2 v3.1.1/MQTT-4.7.1-3",
       overlooks({wildcards})},
      {"takes empty names and filters", "v5/MQTT-4.7.3-1 v3.1.1/MQTT-4.7.3-1",
       overlooks({Rule::topic_name_has_a_character, Rule::topic_filter_has_a_character,
                  Rule::publish_names_a_topic})},
      {"takes a PUBLISH without a topic", "v5/MQTT-3.3.2-1",
       overlooks({Rule::publish_names_a_topic, Rule::topic_name_has_a_character})},
      {"passes over long topics", "v5/MQTT-4.7.3-3 v3.1.1/MQTT-4.7.3-3",
       hears<Publish>([is_long](Publish& publish, Passing& passing) {
         if (is_long(publish.topic)) passing.drop();
       })},
  };
}

}  // namespace

Faults format_faults() {
  Faults all = texts();
  for (const auto& more : {headers(), identifiers(), names()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace mq::conformance
