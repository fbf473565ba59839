// What the monitors watch: one row per rule, with whom it obliges and the statements of both
// versions that it asserts. All of these statements say MUST.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/packet.h"
#include "protocol/rule.h"

namespace mq::monitors {

// Who is watched.
enum class Role : std::uint8_t { client, broker };
const char* name(Role role);

enum class Watch : std::uint8_t {
  // The form of single packets: what the codec refuses.
  packet_is_well_formed,  // in a way that no statement numbers
  text_is_utf8,
  text_has_no_null,
  topic_has_no_null,
  user_property_is_text,
  client_id_is_utf8,
  will_topic_is_utf8,
  user_name_is_utf8,
  topic_is_utf8,
  response_topic_is_utf8,
  content_type_is_utf8,
  subscribe_filter_is_utf8,
  unsubscribe_filter_is_utf8,
  integer_is_minimal,
  properties_have_a_length,
  flags_are_reserved,
  pub_rel_flags,
  subscribe_flags,
  unsubscribe_flags,
  auth_flags,
  client_packet_id_is_nonzero,
  broker_packet_id_is_nonzero,
  qos_is_below_three,
  qos_0_has_no_dup,
  protocol_is_mqtt,
  connect_is_as_flagged,
  will_is_as_flagged,
  user_name_is_as_flagged,
  without_will_no_will_flags,
  will_qos_is_below_three,
  password_needs_user_name,
  conn_ack_flags,
  refusal_has_no_session,
  topic_is_not_empty,
  topic_has_no_wildcard,
  response_topic_has_no_wildcard,
  topic_alias_is_nonzero,
  client_sends_no_subscription_identifier,
  subscribe_names_a_filter,
  unsubscribe_names_a_filter,
  filter_is_not_empty,
  wildcards_stand_alone,
  shared_filter_is_well_formed,
  shared_takes_local,
  conn_ack_reason,
  pub_ack_reason,
  pub_rec_reason,
  pub_rel_reason,
  pub_comp_reason,
  sub_ack_reason,
  unsub_ack_reason,
  disconnect_reason,
  auth_reason,
  broker_disconnect_has_no_expiry,
  // Sizes. The rows of reason strings and user properties are in pairs, one per kind of packet.
  broker_packet_fits,
  client_packet_fits,
  conn_ack_reason_string_fits,
  conn_ack_user_property_fits,
  pub_ack_reason_string_fits,
  pub_ack_user_property_fits,
  pub_rec_reason_string_fits,
  pub_rec_user_property_fits,
  pub_rel_reason_string_fits,
  pub_rel_user_property_fits,
  pub_comp_reason_string_fits,
  pub_comp_user_property_fits,
  sub_ack_reason_string_fits,
  sub_ack_user_property_fits,
  unsub_ack_reason_string_fits,
  unsub_ack_user_property_fits,
  disconnect_reason_string_fits,
  disconnect_user_property_fits,
  auth_reason_string_fits,
  auth_user_property_fits,
  // How a connection begins.
  connect_comes_first,
  second_connect_is_not_answered,
  conn_ack_comes_first,
  conn_ack_comes_once,
  clean_start_has_no_session,
  session_present_is_right,
  connect_is_answered,
  empty_client_id_is_clean,
  empty_client_id_with_session_is_refused,
  assigned_client_id_is_told,
  assigned_client_id_is_unique,
  no_response_information_unasked,
  no_problem_information_unwanted,
  nothing_but_auth_before_conn_ack,
  no_auth_without_method_by_client,
  no_auth_without_method_by_broker,
  auth_repeats_the_method,
  broker_asks_by_continue,
  client_answers_by_continue,
  unknown_session_ends_the_connection,
  lost_session_is_forgotten,
  older_connection_is_closed,
  // How it ends.
  refusal_closes,
  error_closes,
  nothing_after_disconnect,
  client_closes_after_disconnect,
  broker_closes_after_disconnect,
  disconnect_needs_acceptance,
  silence_closes,
  client_is_not_silent,
  client_obeys_server_keep_alive,
  // Exchanges.
  client_packet_id_is_free,
  broker_packet_id_is_free,
  qos_1_id_is_new,
  qos_2_id_is_new,
  qos_1_first_has_no_dup,
  qos_2_first_has_no_dup,
  again_has_dup,
  again_only_after_reconnect,
  again_in_order,
  again_all,
  no_publish_after_pub_rel,
  pub_rel_answers_pub_rec,
  acknowledgement_answers,
  pub_acks_in_order,
  pub_recs_in_order,
  pub_rels_in_order,
  qos_1_is_acknowledged,
  qos_2_is_acknowledged,
  client_acknowledges_everything,
  pub_rec_is_answered,
  pub_rel_is_answered,
  client_keeps_the_quota,
  broker_keeps_the_quota,
  client_alias_is_within_maximum,
  broker_alias_is_within_maximum,
  client_uses_no_alias_unasked,
  broker_uses_no_alias_unasked,
  alias_was_set_here,
  qos_is_within_maximum,
  retain_is_available,
  // Requests and deliveries.
  sub_ack_answers,
  sub_ack_has_a_code_each,
  subscribe_is_answered,
  unsub_ack_answers,
  unsub_ack_has_a_code_each,
  unsubscribe_is_answered,
  ping_is_answered,
  delivery_matches_a_filter,
  delivery_is_within_granted_qos,
  delivery_clears_retain,
  subscription_identifier_is_given,
};
inline constexpr std::size_t watch_count =
    static_cast<std::size_t>(Watch::subscription_identifier_is_given) + 1;

// What of a packet a row is about: counted whenever such a packet is seen, which is what being put
// to the test means for rules of form. The first bits are those of mq::Kind.
using Traits = std::uint32_t;
constexpr Traits trait(Kind kind) { return Traits{1} << static_cast<unsigned>(kind); }
inline constexpr Traits with_will = Traits{1} << 16;
inline constexpr Traits without_will = Traits{1} << 17;
inline constexpr Traits with_user_name = Traits{1} << 18;
inline constexpr Traits with_password = Traits{1} << 19;
inline constexpr Traits with_user_property = Traits{1} << 20;
inline constexpr Traits with_response_topic = Traits{1} << 21;
inline constexpr Traits with_content_type = Traits{1} << 22;
inline constexpr Traits with_topic_alias = Traits{1} << 23;
inline constexpr Traits with_shared_filter = Traits{1} << 24;
inline constexpr std::size_t trait_count = 25;

// Which text field of a packet a fault lies in; bits, as a row may be about several.
using Fields = std::uint16_t;
inline constexpr Fields any_field = 0;
inline constexpr Fields in_client_id = 1;
inline constexpr Fields in_will_topic = 2;
inline constexpr Fields in_user_name = 4;
inline constexpr Fields in_topic = 8;
inline constexpr Fields in_filter = 16;
inline constexpr Fields in_response_topic = 32;
inline constexpr Fields in_content_type = 64;
inline constexpr Fields in_user_property = 128;
inline constexpr Fields elsewhere = 256;

struct WatchInfo {
  Watch watch;
  std::string_view name;      // the enumerator
  std::string_view sentence;  // what must hold, in our words
  bool obliges_client;
  bool obliges_broker;
  std::string_view v5;      // clauses without their version, with blanks between them
  std::string_view v3_1_1;  // empty: this version has no such rule
  // Of rules of form: what the codec says, in which packets, and what is looked at.
  Rule refused = Rule::none;
  Traits tried_by = 0;
  Fields fields = any_field;
};

std::span<const WatchInfo> all_watches();  // in the order of Watch
const WatchInfo& info(Watch watch);

// The clauses that a row asserts of a version; nothing for 3.1, which has none.
std::string_view clauses(const WatchInfo& watch, Version version);

}  // namespace mq::monitors
