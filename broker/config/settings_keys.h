// How the keys that set a limit or a choice of the core read their values. Internal to keys.cc.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <type_traits>

#include "broker/config/reading.h"
#include "protocol/codec.h"

namespace mq::broker {

inline constexpr std::uint64_t any_number = std::uint64_t{1} << 62;

template <auto Member>
void set_limit(Reading& reading, const ConfigEntry& entry) {
  using Number = std::remove_reference_t<decltype(reading.config.settings.limits.*Member)>;
  constexpr std::uint64_t max = sizeof(Number) == 2 ? 0xFFFF : any_number;
  if (const auto value = reading.number(entry, 1, max))
    reading.config.settings.limits.*Member = static_cast<Number>(*value);
}

// mosquitto's 0 is "as many as you like"; a number of bytes is always limited.
inline void set_queued_messages(Reading& reading, const ConfigEntry& entry) {
  if (const auto value = reading.number(entry, 0, any_number))
    reading.config.settings.limits.queued_messages =
        *value == 0 ? SIZE_MAX : static_cast<std::size_t>(*value);
}

inline void set_queued_bytes(Reading& reading, const ConfigEntry& entry) {
  const auto value = reading.number(entry, 0, any_number);
  if (!value) return;
  if (*value == 0)
    return reading.warning(entry.value_at,
                           "max_queued_bytes: queues without a limit are not offered; it stays " +
                               std::to_string(reading.config.settings.limits.queued_bytes));
  reading.config.settings.limits.queued_bytes = static_cast<std::size_t>(*value);
}

inline void set_inflight(Reading& reading, const ConfigEntry& entry) {
  const auto value = reading.number(entry, 0, 0xFFFF);
  if (!value) return;
  const auto most = static_cast<std::uint16_t>(*value == 0 ? 0xFFFF : *value);
  reading.config.settings.limits.inflight_messages = most;
  reading.config.settings.limits.receive_maximum = most;
}

inline void set_packet_size(Reading& reading, const ConfigEntry& entry) {
  if (const auto value = reading.number(entry, 20, packet_bytes_limit))
    reading.config.settings.limits.packet_bytes = static_cast<std::size_t>(*value);
}

inline void set_connect_timeout(Reading& reading, const ConfigEntry& entry) {
  if (const auto value = reading.number(entry, 1, 3600))
    reading.config.settings.limits.connect_timeout = std::chrono::seconds(*value);
}

inline void set_client_expiration(Reading& reading, const ConfigEntry& entry) {
  const auto value = reading.span(entry);
  if (!value) return;
  reading.config.settings.session_expiry_3_1_1 = *value;
  reading.config.settings.limits.session_expiry = *value;
}

template <bool Offers::*Member>
void set_offer(Reading& reading, const ConfigEntry& entry) {
  if (const auto value = reading.boolean(entry)) reading.config.settings.offers.*Member = *value;
}

inline void set_max_qos(Reading& reading, const ConfigEntry& entry) {
  if (const auto value = reading.number(entry, 0, 2))
    reading.config.settings.offers.maximum_qos = static_cast<Qos>(*value);
}

inline void set_keep_alive(Reading& reading, const ConfigEntry& entry) {
  if (const auto value = reading.number(entry, 0, 0xFFFF))
    reading.config.settings.keep_alive_max = std::chrono::seconds(*value);
}

inline void set_id_prefix(Reading& reading, const ConfigEntry& entry) {
  if (entry.value.size() > 1024)
    return reading.error(entry.value_at, "auto_id_prefix: expected at most 1024 bytes");
  reading.config.settings.assigned_id_prefix = entry.value;
}

inline void set_versions(Reading& reading, const ConfigEntry& entry) {
  auto& versions = reading.config.settings.versions;
  versions.clear();
  std::string words = entry.value;
  std::replace(words.begin(), words.end(), ',', ' ');
  for (const std::string& word : words_of(words)) {
    if (word == "3") versions.push_back(Version::v3_1);
    if (word == "4") versions.push_back(Version::v3_1_1);
    if (word == "5") versions.push_back(Version::v5);
    if (word != "3" && word != "4" && word != "5") versions.clear();
    if (versions.empty()) break;
  }
  if (versions.empty())
    reading.error(entry.value_at,
                  "accept_protocol_versions: expected 3, 4 and 5, or some of them, "
                  "with commas between them");
}

inline void add_id_prefix(Reading& reading, const ConfigEntry& entry) {
  if (const auto value = reading.text(entry))
    reading.config.settings.client_id_prefixes.push_back(*value);
}

template <auto Member>
void set_limit_or_none(Reading& reading, const ConfigEntry& entry) {
  using Number = std::remove_reference_t<decltype(reading.config.settings.limits.*Member)>;
  constexpr std::uint64_t max = sizeof(Number) == 2 ? 0xFFFF : any_number;
  if (const auto value = reading.number(entry, 0, max))
    reading.config.settings.limits.*Member = static_cast<Number>(*value);
}

template <auto Member>
void set_milliseconds(Reading& reading, const ConfigEntry& entry) {
  if (const auto value = reading.number(entry, 0, 3'600'000))
    reading.config.settings.limits.*Member = std::chrono::milliseconds(*value);
}

template <bool Settings::*Member>
void set_choice(Reading& reading, const ConfigEntry& entry) {
  if (const auto value = reading.boolean(entry)) reading.config.settings.*Member = *value;
}

template <std::string Settings::*Member>
void set_words(Reading& reading, const ConfigEntry& entry) {
  if (entry.value.size() > 1024)
    return reading.error(entry.value_at, std::string(entry.key) + ": expected at most 1024 bytes");
  reading.config.settings.*Member = entry.value;
}

}  // namespace mq::broker
