// The flag `-D PACKET PROPERTY VALUE` of both commands, in mosquitto's form.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "protocol/property.h"
#include "protocol/property_table.h"

namespace mq::client {

// The name of a property as flags and JSON spell it: `user-property`.
std::string dashed(std::string_view name);

struct PropertyFlag {
  PropertyPlaces place;
  Property property;
  std::size_t words;  // of the command line, behind the flag
};

// Or what is wrong with it, as a sentence.
std::variant<PropertyFlag, std::string> parse_property_flag(const std::vector<std::string>& words);

Properties properties_for(const std::vector<PropertyFlag>& flags, PropertyPlaces place);

}  // namespace mq::client
