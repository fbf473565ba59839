// What a configuration file asks for: values with their places, not yet a broker. mosquitto.conf's
// keys and their meaning; the table of all keys is in keys.cc and, for readers, in docs/broker.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/access/access_options.h"
#include "broker/config/config_text.h"
#include "broker/core/settings.h"
#include "broker/server/listener_options.h"
#include "broker/store/store.h"

namespace mq::broker {

struct ListenerConfig {
  Place at;
  ListenerOptions options;
  std::optional<ConfigEntry> tls_key;   // the first one that asks for TLS
  std::optional<ConfigEntry> psk_file;  // of this listener alone
};

struct LogConfig {
  enum class Form : std::uint8_t { text, json };
  enum class Time : std::uint8_t { none, iso8601, custom };
  // What mosquitto's log_type switches on and off.
  struct Types {
    bool error = true;
    bool warning = true;
    bool notice = true;
    bool information = true;
    bool debug = false;
    bool subscribe = false;
    bool unsubscribe = false;
  };
  bool to_stderr = true;
  bool to_stdout = false;
  bool to_syslog = false;
  bool to_topic = false;     // below $SYS/broker/log
  std::string file;          // empty: to none
  int syslog_facility = -1;  // local0 to local7; -1: daemon
  Form form = Form::text;
  Time time = Time::iso8601;
  std::string time_format;  // of strftime, for Time::custom
  Types types;
  bool connection_messages = true;
};

struct StoreConfig {
  bool persistence = false;
  std::string location;  // a folder; empty: where the process was started
  std::string file = "mqttlab.db";
  Durability durability = Durability::power;
  bool durability_is_said = false;

  std::string path() const;
};

struct Config {
  // The first one, if it is there, came from `port` and `bind_address`. Empty: listen on localhost.
  std::vector<ListenerConfig> listeners;
  Settings settings;
  std::chrono::seconds handshake_timeout{10};
  AccessOptions access;
  bool per_listener_settings = false;  // listeners have OwnAccess, and `access` names no files
  StoreConfig store;
  LogConfig log;
  std::chrono::seconds sys_interval{10};  // 0: no $SYS topics
  std::string metrics;                    // HOST:PORT; empty: none
  std::string pid_file;
  std::string user;  // to become after start, if started by root; empty: stay
  std::chrono::seconds shutdown_timeout{10};
  std::vector<ConfigEntry> fixed;  // what was said with keys that a reload does not change
};

struct ReadConfig {
  Config config;  // says something if there is no error among the problems
  std::vector<Problem> problems;

  bool usable() const;
};

// Reads the file and those of its include_dir.
ReadConfig read_config(const std::string& path);

// As if `text` were the content of `file`. include_dir is an error here: nothing is opened.
ReadConfig parse_config(std::string_view text, const std::string& file);

// The keys whose values differ and that only a restart changes.
std::vector<std::string> needs_restart(const Config& running, const Config& wanted);

}  // namespace mq::broker
