// 3.2: what a server answers to CONNECT, and what it promises there.
#include "conformance/mutants/bend.h"
#include "conformance/mutants/fault.h"

namespace mq::conformance {
namespace {

Faults packets() {
  return {
      {"sends PINGRESP before CONNACK", "v5/MQTT-3.2.0-1 v3.1.1/MQTT-3.2.0-1",
       sends<ConnAck>([](ConnAck&, Passing& passing) { passing.precede(Packet(PingResp{})); })},
      {"sends CONNACK twice", "v5/MQTT-3.2.0-2",
       sends<ConnAck>([](ConnAck& ack, Passing& passing) { passing.follow(Packet(ack)); })},
      {"sets a reserved flag in CONNACK", "v5/MQTT-3.2.2-1",
       sends_bytes(Kind::conn_ack, [](Frame& bytes, const Passing&) { bytes[2] |= std::byte{2}; })},
      {"says that a session is present after Clean Start 1", "v5/MQTT-3.2.2-2 v3.1.1/MQTT-3.2.2-1",
       sends<ConnAck>([](ConnAck& ack, Passing& passing) {
         if (ack.reason == ReasonCode::success && passing.peer.connect->clean_start)
           ack.session_present = true;
       })},
      {"never says that a session is present", "v5/MQTT-3.2.2-3 v3.1.1/MQTT-3.2.2-2",
       sends<ConnAck>([](ConnAck& ack, Passing&) { ack.session_present = false; })},
      {"says that a session is present where there is none", "v5/MQTT-3.2.2-3 v3.1.1/MQTT-3.2.2-3",
       sends<ConnAck>([](ConnAck& ack, Passing& passing) {
         if (ack.reason == ReasonCode::success && !passing.peer.connect->clean_start)
           ack.session_present = true;
       })},
      {"says that a session is present when it refuses", "v5/MQTT-3.2.2-6 v3.1.1/MQTT-3.2.2-4",
       sends_bytes(Kind::conn_ack,
                   [](Frame& bytes, const Passing&) {
                     if (bytes[3] != std::byte{0}) bytes[2] |= std::byte{1};
                   })},
      {"leaves the connection open after a CONNACK that refuses",
       "v5/MQTT-3.2.2-7 v3.1.1/MQTT-3.2.2-5 v5/MQTT-4.13.2-1 v5/MQTT-3.1.4-2 v5/MQTT-3.1.3-8 "
       "v3.1.1/MQTT-3.1.3-9 v3.1.1/MQTT-3.1.3-8 v3.1.1/MQTT-3.1.2-2",
       {.keeps_open = [](Peer& peer) { return peer.is_refused(); }}},
      {"tells response information that nobody asked for", "v5/MQTT-3.1.2-28",
       sends<ConnAck>([](ConnAck& ack, Passing& passing) {
         if (is_v5(passing) && !has(ack.properties, PropertyId::response_information))
           ack.properties.add(PropertyId::response_information, std::string("answers/"));
       })},
  };
}

Hook forgets(PropertyId id) {
  return each<ConnAck>(
      [id](ConnAck& ack, Passing&) { ack.properties = without(ack.properties, id); });
}

bool is_above(const Passing& passing, Qos qos) {
  const auto& ack = passing.peer.conn_ack;
  const auto limit = ack ? ack->properties.number(PropertyId::maximum_qos) : std::nullopt;
  return limit && static_cast<std::uint32_t>(qos) > *limit;
}

// What is asked for beyond the announced QoS is refused instead of granted at less.
Behaviour refuses_high_qos() {
  return {.heard = [](Passing& passing) {
    const auto* subscribe = passing.as<Subscribe>();
    if (subscribe == nullptr || !is_above(passing, subscribe->entries.at(0).options.qos)) return;
    passing.drop();
    passing.answer(
        Packet(SubAck{.packet_id = subscribe->packet_id, .reasons = {ReasonCode::quota_exceeded}}));
  }};
}

Behaviour takes_large_packets() {
  return {.heard = [](Passing& passing) {
    const auto& ack = passing.peer.conn_ack;
    const auto limit = ack ? ack->properties.number(PropertyId::maximum_packet_size) : std::nullopt;
    if (limit && passing.wire.size() > *limit) passing.drop();
  }};
}

Faults promises() {
  return {
      {"does not tell its Maximum QoS",
       "v5/MQTT-3.2.2-9",
       {.sent = forgets(PropertyId::maximum_qos)}},
      {"refuses subscriptions above its Maximum QoS", "v5/MQTT-3.2.2-10", refuses_high_qos()},
      {"takes messages above its Maximum QoS", "v5/MQTT-3.2.2-11",
       hears<Publish>([](Publish& publish, Passing& passing) {
         if (is_above(passing, publish.qos)) passing.drop();
       })},
      {"takes wills above its Maximum QoS", "v5/MQTT-3.2.2-12",
       hears<Connect>([](Connect& connect, Passing&) {
         if (connect.will) connect.will->qos = Qos::at_most_once;
       })},
      {"takes wills that it cannot retain", "v5/MQTT-3.2.2-13",
       hears<Connect>([](Connect& connect, Passing&) {
         if (connect.will) connect.will->retain = false;
       })},
      {"takes messages that it cannot retain", "v5/MQTT-3.2.2-14",
       hears<Publish>([](Publish& publish, Passing&) { publish.retain = false; })},
      {"takes packets above its Maximum Packet Size", "v5/MQTT-3.2.2-15", takes_large_packets()},
      {"takes topic aliases above its maximum", "v5/MQTT-3.2.2-17 v5/MQTT-3.2.2-18 v5/MQTT-3.3.2-9",
       hears<Publish>([](Publish& publish, Passing& passing) {
         const auto alias = publish.properties.number(PropertyId::topic_alias).value_or(0);
         const auto& ack = passing.peer.conn_ack;
         if (ack && alias > ack->properties.number(PropertyId::topic_alias_maximum).value_or(0))
           publish.properties = without(publish.properties, PropertyId::topic_alias);
       })},
  };
}

}  // namespace

Faults connack_faults() {
  Faults all = packets();
  const Faults more = promises();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace mq::conformance
