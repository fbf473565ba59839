// What is known while a configuration is read: the values so far, the listener that the next keys
// belong to, and how a value becomes a number or a yes or no.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "broker/config/config.h"

namespace mq::broker {

class Reading {
 public:
  explicit Reading(bool per_listener) : per_listener_(per_listener), default_(bare()) {}

  Config config;
  std::vector<Problem> problems;

  void error(const Place& at, std::string text) {
    problems.push_back({Problem::Kind::error, at, std::move(text)});
  }
  void warning(const Place& at, std::string text) {
    problems.push_back({Problem::Kind::warning, at, std::move(text)});
  }

  // Nothing if the value is none; that was told then.
  std::optional<bool> boolean(const ConfigEntry& entry);
  std::optional<std::uint64_t> number(const ConfigEntry& entry, std::uint64_t min,
                                      std::uint64_t max);
  std::optional<std::chrono::seconds> span(const ConfigEntry& entry);  // "14d", "2m": months
  std::optional<std::string> one_of(const ConfigEntry& entry,
                                    std::initializer_list<const char*> words);
  std::optional<std::string> text(const ConfigEntry& entry);  // not empty
  bool seen_before(const ConfigEntry& entry);
  // False and told if this key was there before.
  bool first(const ConfigEntry& entry);

  void begin_listener(const ConfigEntry& entry);
  // What this key is about: the last `listener` line, or the listener of `port` and `bind_address`.
  ListenerConfig& listener(const ConfigEntry& entry);
  ListenerConfig& default_listener(const ConfigEntry& entry);  // that is asked for by this key

  // mosquitto's listeners each have their own value of this key, ours have one together.
  void is_for_all(const ConfigEntry& entry);

  // For all listeners that have a psk_hint; or of one alone.
  std::optional<ConfigEntry> psk_file;
  void set_own_keys(const ConfigEntry& entry);

  // Whether `per_listener_settings true` is said anywhere.
  bool per_listener() const { return per_listener_; }
  transport::TlsServerOptions& tls(const ConfigEntry& entry);
  // After the last key: what is listened on.
  void finish();

 private:
  // Without per_listener_settings users and rules are for all of them.
  ListenerConfig bare() const {
    ListenerConfig made;
    if (per_listener_) made.options.own_access.emplace();
    return made;
  }
  void check_tls(const ListenerConfig& listener);
  void use_keys();

  const bool per_listener_;
  ListenerConfig default_;
  bool default_is_wanted_ = false;
  std::vector<ConfigEntry> default_keys_;
  std::vector<ConfigEntry> for_all_;  // of those that stand behind a listener
  std::vector<std::string> seen_;
};

std::vector<std::string> words_of(const std::string& value);

}  // namespace mq::broker
