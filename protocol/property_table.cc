#include "protocol/property_table.h"

#include <array>
#include <cstddef>

namespace mq {
namespace {

using enum PropertyForm;

constexpr PropertyPlaces nowhere = 0;
constexpr PropertyPlaces will = will_properties;
constexpr PropertyPlaces connect = place(Kind::connect);
constexpr PropertyPlaces connack = place(Kind::conn_ack);
constexpr PropertyPlaces publish = place(Kind::publish);
constexpr PropertyPlaces acknowledgements =
    place(Kind::pub_ack) | place(Kind::pub_rec) | place(Kind::pub_rel) | place(Kind::pub_comp);
constexpr PropertyPlaces subscribe = place(Kind::subscribe);
constexpr PropertyPlaces unsubscribe = place(Kind::unsubscribe);
constexpr PropertyPlaces answers = place(Kind::sub_ack) | place(Kind::unsub_ack);
constexpr PropertyPlaces disconnect = place(Kind::disconnect);
constexpr PropertyPlaces auth = place(Kind::auth);

constexpr PropertyPlaces any_client =
    will | connect | publish | acknowledgements | subscribe | unsubscribe | disconnect | auth;
constexpr PropertyPlaces any_server =
    connack | publish | acknowledgements | answers | disconnect | auth;

constexpr std::uint32_t max_8 = 0xFF;
constexpr std::uint32_t max_16 = 0xFFFF;
constexpr std::uint32_t max_32 = 0xFFFFFFFF;
constexpr std::uint32_t max_variable = 268'435'455;

using Id = PropertyId;
constexpr auto rows = std::to_array<PropertyInfo>({
    {Id::payload_format_indicator, "payload_format_indicator", byte, publish | will, publish,
     nowhere, 0, 1},
    {Id::message_expiry_interval, "message_expiry_interval", four_bytes, publish | will, publish,
     nowhere, 0, max_32},
    {Id::content_type, "content_type", text, publish | will, publish, nowhere, 0, 0},
    {Id::response_topic, "response_topic", text, publish | will, publish, nowhere, 0, 0},
    {Id::correlation_data, "correlation_data", binary, publish | will, publish, nowhere, 0, 0},
    {Id::subscription_identifier, "subscription_identifier", variable_integer, subscribe, publish,
     publish, 1, max_variable},
    {Id::session_expiry_interval, "session_expiry_interval", four_bytes, connect | disconnect,
     connack, nowhere, 0, max_32},
    {Id::assigned_client_identifier, "assigned_client_identifier", text, nowhere, connack, nowhere,
     0, 0},
    {Id::server_keep_alive, "server_keep_alive", two_bytes, nowhere, connack, nowhere, 0, max_16},
    {Id::authentication_method, "authentication_method", text, connect | auth, connack | auth,
     nowhere, 0, 0},
    {Id::authentication_data, "authentication_data", binary, connect | auth, connack | auth,
     nowhere, 0, 0},
    {Id::request_problem_information, "request_problem_information", byte, connect, nowhere,
     nowhere, 0, 1},
    {Id::will_delay_interval, "will_delay_interval", four_bytes, will, nowhere, nowhere, 0, max_32},
    {Id::request_response_information, "request_response_information", byte, connect, nowhere,
     nowhere, 0, 1},
    {Id::response_information, "response_information", text, nowhere, connack, nowhere, 0, 0},
    {Id::server_reference, "server_reference", text, disconnect, connack | disconnect, nowhere, 0,
     0},
    {Id::reason_string, "reason_string", text, acknowledgements | disconnect | auth,
     connack | acknowledgements | answers | disconnect | auth, nowhere, 0, 0},
    {Id::receive_maximum, "receive_maximum", two_bytes, connect, connack, nowhere, 1, max_16},
    {Id::topic_alias_maximum, "topic_alias_maximum", two_bytes, connect, connack, nowhere, 0,
     max_16},
    {Id::topic_alias, "topic_alias", two_bytes, publish, publish, nowhere, 1, max_16},
    {Id::maximum_qos, "maximum_qos", byte, nowhere, connack, nowhere, 0, 1},
    {Id::retain_available, "retain_available", byte, nowhere, connack, nowhere, 0, 1},
    {Id::user_property, "user_property", text_pair, any_client, any_server, any_client | any_server,
     0, 0},
    {Id::maximum_packet_size, "maximum_packet_size", four_bytes, connect, connack, nowhere, 1,
     max_32},
    {Id::wildcard_subscription_available, "wildcard_subscription_available", byte, nowhere, connack,
     nowhere, 0, 1},
    {Id::subscription_identifier_available, "subscription_identifier_available", byte, nowhere,
     connack, nowhere, 0, 1},
    {Id::shared_subscription_available, "shared_subscription_available", byte, nowhere, connack,
     nowhere, 0, 1},
});

constexpr std::uint8_t no_row = max_8;
constexpr std::size_t ids = static_cast<std::size_t>(Id::shared_subscription_available) + 1;

constexpr auto row_of_id = [] {
  std::array<std::uint8_t, ids> index{};
  index.fill(no_row);
  for (std::size_t i = 0; i < rows.size(); ++i)
    index[static_cast<std::size_t>(rows[i].id)] = static_cast<std::uint8_t>(i);
  return index;
}();

}  // namespace

const PropertyInfo* property_info(std::uint32_t id) {
  if (id >= ids || row_of_id[id] == no_row) return nullptr;
  return &rows[row_of_id[id]];
}

std::span<const PropertyInfo> all_properties() { return rows; }

}  // namespace mq
