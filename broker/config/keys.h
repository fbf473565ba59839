// The table of every key that a configuration file may have.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "broker/config/reading.h"

namespace mq::broker {

struct ConfigKey {
  enum class Standing : std::uint8_t {
    supported,
    no_effect,  // accepted with a warning: the broker does without
    refused,    // an error: doing without would do harm
  };
  std::string_view name;  // ends in * if any ending will do
  Standing standing = Standing::supported;
  std::string_view says;  // what it does, or why it does nothing
  void (*apply)(Reading& reading, const ConfigEntry& entry) = nullptr;  // of a supported key
  // With this value a key that is not supported asks for what the broker does anyway.
  std::string_view harmless = {};
  enum class Reload : std::uint8_t { no, yes } reload = Reload::no;
};

std::span<const ConfigKey> config_keys();           // those that are supported, and
std::span<const ConfigKey> listener_config_keys();  // of these the ones about listeners and users
std::span<const ConfigKey> foreign_config_keys();   // the others that are known
const ConfigKey* find_config_key(std::string_view name);

void apply_entry(Reading& reading, const ConfigEntry& entry);

// The table of docs/broker.md.
std::string config_keys_as_markdown();

}  // namespace mq::broker
