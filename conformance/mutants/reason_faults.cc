// Reason codes, and what may stand beside them.
#include "conformance/mutants/bend.h"
#include "conformance/mutants/fault.h"

namespace mq::conformance {
namespace {

using R = ReasonCode;

// As an answer to whoever asked not to be told problems.
template <class P>
Behaviour explains_unasked() {
  return sends<P>([](P& packet, Passing& passing) {
    const auto& connect = passing.peer.connect;
    if (connect && connect->properties.number(PropertyId::request_problem_information) == 0u)
      packet.properties.add(PropertyId::reason_string, std::string("because"));
  });
}

Faults codes() {
  return {
      {"sends PUBACK with a code that it does not have", "v5/MQTT-3.4.2-1",
       sends_reason<PubAck>(R::granted_qos_1)},
      {"sends PUBACK with a code of DISCONNECT", "v5/MQTT-3.4.2-1",
       sends_reason<PubAck>(R::malformed_packet)},
      {"sends PUBREC with a code that it does not have", "v5/MQTT-3.5.2-1",
       sends_reason<PubRec>(R::granted_qos_2)},
      {"sends PUBREL with a code that it does not have", "v5/MQTT-3.6.2-1",
       sends_reason<PubRel>(R::unspecified_error)},
      {"sends PUBCOMP with a code that it does not have", "v5/MQTT-3.7.2-1",
       sends_reason<PubComp>(R::no_matching_subscribers)},
      {"sends DISCONNECT with a code that only clients send", "v5/MQTT-3.14.2-1",
       sends_reason<Disconnect>(R::disconnect_with_will)},
      {"sends AUTH with a code that only clients send", "v5/MQTT-3.15.2-1 v5/MQTT-4.12.0-2",
       sends_reason<Auth>(R::re_authenticate)},
      {"refuses with a CONNACK code that it does not have", "v5/MQTT-3.2.2-8",
       sends<ConnAck>([](ConnAck& ack, Passing&) {
         if (failed(ack.reason)) ack.reason = R::session_taken_over;
       })},
      {"accepts with a CONNACK code other than 0",
       "v5/MQTT-3.2.2-8 v5/MQTT-3.1.4-5 v5/MQTT-3.2.2-2 v5/MQTT-3.2.2-3",
       sends<ConnAck>([](ConnAck& ack, Passing&) {
         if (ack.reason == R::success) ack.reason = R::granted_qos_1;
       })},
      {"sends SUBACK with a code that it does not have",
       "v5/MQTT-3.9.3-2 v3.1.1/MQTT-3.9.3-2 v5/MQTT-3.8.4-7 v3.1.1/MQTT-3.8.4-5",
       sends<SubAck>([](SubAck& ack, Passing&) { ack.reasons.at(0) = ReasonCode{3}; })},
      {"sends UNSUBACK with a code that it does not have", "v5/MQTT-3.11.3-2",
       sends<UnsubAck>([](UnsubAck& ack, Passing& passing) {
         if (is_v5(passing)) ack.reasons.at(0) = R::granted_qos_1;
       })},
  };
}

Faults too_much() {
  return {
      {"explains CONNACK whatever its size", "v5/MQTT-3.2.2-19", sends_reason_string<ConnAck>()},
      {"adds to CONNACK whatever its size", "v5/MQTT-3.2.2-20", sends_user_property<ConnAck>()},
      {"explains PUBACK whatever its size", "v5/MQTT-3.4.2-2", sends_reason_string<PubAck>()},
      {"adds to PUBACK whatever its size", "v5/MQTT-3.4.2-3", sends_user_property<PubAck>()},
      {"explains PUBREC whatever its size", "v5/MQTT-3.5.2-2", sends_reason_string<PubRec>()},
      {"adds to PUBREC whatever its size", "v5/MQTT-3.5.2-3", sends_user_property<PubRec>()},
      {"explains PUBREL whatever its size", "v5/MQTT-3.6.2-2", sends_reason_string<PubRel>()},
      {"adds to PUBREL whatever its size", "v5/MQTT-3.6.2-3", sends_user_property<PubRel>()},
      {"explains PUBCOMP whatever its size", "v5/MQTT-3.7.2-2", sends_reason_string<PubComp>()},
      {"adds to PUBCOMP whatever its size", "v5/MQTT-3.7.2-3", sends_user_property<PubComp>()},
      {"explains SUBACK whatever its size", "v5/MQTT-3.9.2-1", sends_reason_string<SubAck>()},
      {"adds to SUBACK whatever its size", "v5/MQTT-3.9.2-2", sends_user_property<SubAck>()},
      {"explains UNSUBACK whatever its size", "v5/MQTT-3.11.2-1", sends_reason_string<UnsubAck>()},
      {"adds to UNSUBACK whatever its size", "v5/MQTT-3.11.2-2", sends_user_property<UnsubAck>()},
      {"explains DISCONNECT whatever its size", "v5/MQTT-3.14.2-3",
       sends_reason_string<Disconnect>()},
      {"adds to DISCONNECT whatever its size", "v5/MQTT-3.14.2-4",
       sends_user_property<Disconnect>()},
      {"explains AUTH whatever its size", "v5/MQTT-3.15.2-2", sends_reason_string<Auth>()},
      {"adds to AUTH whatever its size", "v5/MQTT-3.15.2-3", sends_user_property<Auth>()},
      {"explains SUBACK to who wants no explanations", "v5/MQTT-3.1.2-29",
       explains_unasked<SubAck>()},
      {"explains PUBACK to who wants no explanations", "v5/MQTT-3.1.2-29",
       explains_unasked<PubAck>()},
  };
}

}  // namespace

Faults reason_faults() {
  Faults all = codes();
  const Faults more = too_much();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace mq::conformance
