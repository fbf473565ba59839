// The catalogue of rules: one enumerator per sentence that a peer can be caught breaking, named as
// the sentence that must hold. The table maps each to its clause per version (ids differ between
// the versions and always carry theirs) and to the reason code with which 5.0 answers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/reason_code.h"

namespace mq {

enum class Rule : std::uint16_t {
  none = 0,
  // Wire format.
  fixed_header_flags_are_as_reserved,
  remaining_length_has_four_bytes_at_most,
  variable_integer_has_four_bytes_at_most,
  variable_integer_is_minimal,
  packet_is_as_long_as_announced,  // fields end beyond the packet, or bytes are left over
  properties_are_as_long_as_announced,
  packet_fits_the_maximum,
  packet_kind_is_known,
  packet_goes_this_way,  // a server sends no CONNECT, a client no CONNACK
  string_is_utf8,
  string_has_no_null,
  packet_id_is_nonzero,
  qos_is_below_three,
  qos_0_is_no_dup,
  reason_code_is_of_this_packet,
  // Properties.
  property_is_known,
  property_is_of_this_packet,
  property_comes_once,
  property_value_is_legal,
  authentication_data_needs_a_method,
  // CONNECT, CONNACK.
  protocol_name_is_mqtt,
  protocol_level_is_known,
  connect_reserved_flag_is_zero,
  will_flags_need_a_will,
  will_qos_is_below_three,
  password_needs_user_name,  // 3.1.1 only
  client_id_is_acceptable,
  connect_comes_first,
  connect_comes_once,
  connack_comes_first,
  connack_comes_once,
  connack_flags_are_reserved,
  refusal_has_no_session,
  clean_start_has_no_session,
  // PUBLISH and its acknowledgements.
  topic_name_has_a_character,
  topic_name_has_no_wildcard,
  publish_names_a_topic,  // an empty topic without an alias
  topic_alias_is_nonzero,
  topic_alias_is_within_maximum,
  topic_alias_is_known,
  receive_maximum_is_kept,
  packet_id_is_free,
  acknowledgement_answers_a_packet,
  qos_is_within_maximum,
  retain_is_available,
  payload_is_as_indicated,
  client_sends_no_subscription_identifier,
  // SUBSCRIBE, UNSUBSCRIBE.
  subscribe_names_a_filter,
  unsubscribe_names_a_filter,
  subscription_options_are_reserved,
  subscription_qos_is_below_three,
  retain_handling_is_below_three,
  topic_filter_has_a_character,
  topic_filter_wildcards_stand_alone,
  shared_subscription_is_well_formed,
  shared_subscription_takes_local,
  suback_answers_each_filter,
  // The course of a connection.
  silence_closes_link,
  one_link_per_session,
  connect_arrives_in_time,
  disconnect_ends_link,
  session_expiry_stays_zero,
  auth_names_its_method,
  auth_needs_a_method,
  authentication_comes_first,
  auth_comes_in_turn,
  client_is_authorized,
  server_sends_no_session_expiry,
  // Limits of ours; the standard leaves them to the implementation.
  limit_is_kept,
};

struct RuleInfo {
  Rule rule;
  std::string_view name;      // the enumerator
  std::string_view sentence;  // what must hold, in our words
  // The clause that says it in full: "v3.1.1/MQTT-1.5.3-1". Where the standard gives the sentence
  // no number it is the section, "v5/2.2.2.2"; empty where that version has no such rule.
  std::string_view v3_1_1;
  std::string_view v5;
  ReasonCode reason;              // how a 5.0 server or client says it in DISCONNECT or CONNACK
  bool is_seen_by_codec = false;  // one packet is enough to see it; each of these has a vector
};

// All rules in the order of Rule, so that info(rule) is all_rules()[rule].
std::span<const RuleInfo> all_rules();
const RuleInfo& info(Rule rule);

}  // namespace mq
