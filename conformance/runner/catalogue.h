// What the case language knows by name: packets, their fields, and which form a field has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/packet.h"
#include "protocol/property.h"
#include "protocol/property_table.h"

namespace mq::conformance {

enum class Form : std::uint8_t {
  number,
  text,  // or bytes
  list,  // of numbers: reasons
};

struct FieldInfo {
  Form form = Form::text;
  std::optional<PropertyId> property;  // it is one of 5.0's properties
  bool of_will = false;                // of the will's
};

// Nothing for a name that this packet does not have. Every property can be named on every packet
// that has properties at all: to put one where it must not be is what negative cases do.
std::optional<FieldInfo> field_info(Kind packet, std::string_view field);
std::optional<FieldInfo> twist_info(Kind packet, std::string_view twist);
// Only of what comes: `size`, `flags`, of CONNECT `connect_flags` and the protocol.
bool is_of_wire(std::string_view field);
std::vector<std::string> field_names(Kind packet);
std::vector<std::string> twist_names();

// What a client that is tested may say of itself: connected, message, ...
const std::vector<std::string>& told_words();

std::optional<Kind> packet_named(std::string_view name);  // "PUBLISH"
std::vector<std::string> packet_names();

const PropertyInfo* property_named(std::string_view name);
bool has_properties(Kind packet);
bool has_packet_id(Kind packet);  // PUBLISH too

}  // namespace mq::conformance
