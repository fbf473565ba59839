#include "client/core/handshake.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <utility>

namespace mq::client {
namespace {

std::uint32_t number_or(const Properties& properties, PropertyId id, std::uint32_t otherwise) {
  return properties.number(id).value_or(otherwise);
}

template <class T>
T clamped(std::uint32_t value) {
  return static_cast<T>(std::min<std::uint32_t>(value, std::numeric_limits<T>::max()));
}

bool is_one_of(ReasonCode reason, std::initializer_list<ReasonCode> list) {
  return std::find(list.begin(), list.end(), reason) != list.end();
}

void add_if_absent(Properties& properties, PropertyId id, std::uint32_t value) {
  if (!properties.number(id)) properties.add(id, value);
}

}  // namespace

Grants grants(const Settings& settings) {
  const bool v5 = settings.version == Version::v5;
  const Properties& given = settings.connect_properties;
  const auto said = [&](PropertyId id, std::uint32_t limit) {
    return v5 ? number_or(given, id, limit) : limit;
  };
  const auto packet_bytes =
      static_cast<std::uint32_t>(std::min(settings.limits.packet_bytes, packet_bytes_limit));
  return Grants{
      .packet_bytes = std::min<std::size_t>(said(PropertyId::maximum_packet_size, packet_bytes),
                                            packet_bytes_limit),
      // 3.1.1 has no such promise for the broker to keep.
      .receive_maximum = v5 ? clamped<std::uint16_t>(said(PropertyId::receive_maximum,
                                                          settings.limits.receive_maximum))
                            : std::uint16_t{0xFFFF},
      .topic_alias_maximum = v5 ? clamped<std::uint16_t>(said(PropertyId::topic_alias_maximum,
                                                              settings.limits.topic_alias_maximum))
                                : std::uint16_t{0},
      .problem_information = said(PropertyId::request_problem_information, 1) != 0,
      .session_expiry = v5 ? said(PropertyId::session_expiry_interval, settings.session_expiry) : 0,
  };
}

Terms terms(const ConnAck& conn_ack, const Settings& settings) {
  Terms made;
  made.keep_alive = std::min(settings.keep_alive, std::chrono::seconds{0xFFFF});
  if (settings.version != Version::v5) return made;
  const Properties& said = conn_ack.properties;
  const auto available = [&](PropertyId id) { return number_or(said, id, 1) != 0; };
  made.receive_maximum =
      clamped<std::uint16_t>(number_or(said, PropertyId::receive_maximum, 0xFFFF));
  made.maximum_qos = static_cast<Qos>(number_or(said, PropertyId::maximum_qos, 2));
  made.retain_available = available(PropertyId::retain_available);
  made.packet_bytes = std::min<std::size_t>(
      number_or(said, PropertyId::maximum_packet_size, packet_bytes_limit), packet_bytes_limit);
  made.topic_aliases = static_cast<std::uint16_t>(std::min<std::uint32_t>(
      number_or(said, PropertyId::topic_alias_maximum, 0), settings.limits.topic_aliases));
  if (const auto seconds = said.number(PropertyId::server_keep_alive))
    made.keep_alive = std::chrono::seconds{*seconds};
  made.wildcards_available = available(PropertyId::wildcard_subscription_available);
  made.subscription_identifiers_available =
      available(PropertyId::subscription_identifier_available);
  made.shared_available = available(PropertyId::shared_subscription_available);
  return made;
}

bool session_persists(const Settings& settings) {
  return settings.version == Version::v5 ? grants(settings).session_expiry > 0
                                         : !settings.clean_start;
}

Connect make_connect(const Settings& settings, const std::string& client_id, bool clean_start) {
  Connect connect{.version = settings.version,
                  .client_id = client_id,
                  .clean_start = clean_start,
                  .keep_alive = static_cast<std::uint16_t>(
                      std::clamp<std::int64_t>(settings.keep_alive.count(), 0, 0xFFFF)),
                  .will = settings.will,
                  .user_name = settings.user_name,
                  .password = settings.password,
                  .properties = {}};
  if (settings.version != Version::v5) {
    if (!connect.user_name) connect.password.reset();  // v3.1.1 MQTT-3.1.2-22
    return connect;
  }
  if (!settings.authentication_method.empty()) {  // it says who we are, and keeps the secret
    connect.user_name.reset();
    connect.password.reset();
  }
  const Grants ours = grants(settings);
  connect.properties = settings.connect_properties;
  Properties& said = connect.properties;
  if (ours.session_expiry > 0)
    add_if_absent(said, PropertyId::session_expiry_interval, ours.session_expiry);
  if (ours.receive_maximum < 0xFFFF)
    add_if_absent(said, PropertyId::receive_maximum, ours.receive_maximum);
  if (ours.packet_bytes < packet_bytes_limit)
    add_if_absent(said, PropertyId::maximum_packet_size,
                  static_cast<std::uint32_t>(ours.packet_bytes));
  if (ours.topic_alias_maximum > 0)
    add_if_absent(said, PropertyId::topic_alias_maximum, ours.topic_alias_maximum);
  return connect;
}

bool refusal_is_final(Version version, ReasonCode reason) {
  if (version != Version::v5) return reason != connect_return::server_unavailable;
  return !is_one_of(
      reason, {ReasonCode::unspecified_error, ReasonCode::implementation_specific_error,
               ReasonCode::server_unavailable, ReasonCode::server_busy, ReasonCode::quota_exceeded,
               ReasonCode::connection_rate_exceeded});
}

bool farewell_is_final(ReasonCode reason) {
  return is_one_of(reason, {ReasonCode::session_taken_over, ReasonCode::not_authorized,
                            ReasonCode::bad_authentication_method, ReasonCode::banned,
                            ReasonCode::server_moved});
}

ReasonCode farewell_reason(Rule rule) {
  const ReasonCode reason = info(rule).reason;
  const bool clients_may_say_so =
      is_one_of(reason, {ReasonCode::unspecified_error, ReasonCode::malformed_packet,
                         ReasonCode::protocol_error, ReasonCode::implementation_specific_error,
                         ReasonCode::topic_name_invalid, ReasonCode::receive_maximum_exceeded,
                         ReasonCode::topic_alias_invalid, ReasonCode::packet_too_large,
                         ReasonCode::message_rate_too_high, ReasonCode::quota_exceeded,
                         ReasonCode::payload_format_invalid});
  return clients_may_say_so ? reason : ReasonCode::protocol_error;
}

}  // namespace mq::client
