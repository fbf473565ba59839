// The properties of MQTT 5.0 (section 2.2.2), in the order in which they stand in the packet: the
// order of user properties is the application's and must survive (v5 MQTT-3.3.2-18).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"

namespace mq {

enum class PropertyId : std::uint8_t {
  payload_format_indicator = 0x01,
  message_expiry_interval = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_identifier = 0x0B,
  session_expiry_interval = 0x11,
  assigned_client_identifier = 0x12,
  server_keep_alive = 0x13,
  authentication_method = 0x15,
  authentication_data = 0x16,
  request_problem_information = 0x17,
  will_delay_interval = 0x18,
  request_response_information = 0x19,
  response_information = 0x1A,
  server_reference = 0x1C,
  reason_string = 0x1F,
  receive_maximum = 0x21,
  topic_alias_maximum = 0x22,
  topic_alias = 0x23,
  maximum_qos = 0x24,
  retain_available = 0x25,
  user_property = 0x26,
  maximum_packet_size = 0x27,
  wildcard_subscription_available = 0x28,
  subscription_identifier_available = 0x29,
  shared_subscription_available = 0x2A,
};

struct UserProperty {
  std::string key;
  std::string value;
  bool operator==(const UserProperty&) const = default;
};

// Byte, two byte, four byte and variable byte integers are all numbers here; the id says which
// form they take on the wire.
using PropertyValue = std::variant<std::uint32_t, std::string, Bytes, UserProperty>;

struct Property {
  PropertyId id;
  PropertyValue value;
  bool operator==(const Property&) const = default;
};

class Properties {
 public:
  // The first property of this id, if there is one and it has this type.
  std::optional<std::uint32_t> number(PropertyId id) const;
  const std::string* text(PropertyId id) const;
  const Bytes* binary(PropertyId id) const;

  // Appends; whether the packet may carry it, and how often, is the codec's to say.
  void add(PropertyId id, PropertyValue value) { all_.push_back({id, std::move(value)}); }
  void add_user(std::string key, std::string value);

  const std::vector<Property>& all() const { return all_; }
  bool empty() const { return all_.empty(); }
  bool operator==(const Properties&) const = default;

 private:
  std::vector<Property> all_;
};

}  // namespace mq
