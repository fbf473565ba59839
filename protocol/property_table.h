// What 5.0 says about each property, as data (table 2-4 and the property sections of chapter 3):
// its form on the wire, which packets carry it and from which side, how often, and its range.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/packet.h"
#include "protocol/property.h"

namespace mq {

enum class PropertyForm : std::uint8_t {
  byte,
  two_bytes,
  four_bytes,
  variable_integer,
  text,
  binary,
  text_pair,
};

// A set of places that carry properties: one bit per Kind, and bit 0 for the properties of a will.
using PropertyPlaces = std::uint16_t;
inline constexpr PropertyPlaces will_properties = 1;
constexpr PropertyPlaces place(Kind kind) {
  return static_cast<PropertyPlaces>(1U << static_cast<unsigned>(kind));
}

struct PropertyInfo {
  PropertyId id;
  std::string_view name;  // as the enumerator
  PropertyForm form;
  PropertyPlaces from_client;
  PropertyPlaces from_server;
  PropertyPlaces repeatable;  // where it may come more than once
  std::uint32_t min;          // of numbers
  std::uint32_t max;
};

// Nothing for an identifier that 5.0 does not define.
const PropertyInfo* property_info(std::uint32_t id);
std::span<const PropertyInfo> all_properties();

}  // namespace mq
