// What `mqttlab broker` was asked to do: its command line over its configuration file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "broker/config/config.h"
#include "broker/server/server.h"

namespace mq::broker {

// The same numbers as all verbs of mqttlab.
namespace exit_status {
inline constexpr int done = 0;
inline constexpr int usage = 2;
inline constexpr int cannot_start = 3;
inline constexpr int fault = 5;
}  // namespace exit_status

struct BrokerFlags {
  std::string config_file;  // empty: none
  std::vector<ListenerOptions> listeners;
  std::string metrics;
  std::optional<std::string> log_format;
  std::optional<std::size_t> max_connections;
  std::optional<std::size_t> max_connections_per_address;  // 0: any number
  std::optional<std::size_t> max_connection_rate;          // 0: any
  std::optional<std::size_t> max_packet_size;
  std::optional<std::uint16_t> max_inflight;
  std::optional<std::size_t> max_queued;
  std::optional<std::size_t> max_queued_bytes;
  std::optional<std::uint16_t> receive_maximum;
  std::string store;  // a file
  std::optional<Durability> durability;
  std::string password_file;
  std::string acl_file;
  std::optional<bool> anonymous;
  bool strict_subscriptions = false;
  bool closes_on_denied_publish = false;
  bool repair = false;
  std::optional<unsigned> handshake_timeout;  // seconds
  bool verbose = false;
  bool test_config = false;
};

// Nothing to do any more, as help or an error was printed: the exit status.
std::variant<BrokerFlags, int> parse_broker_flags(int argc, char** argv);

// The file, if there is one, and what the flags change of it. May be called again, for SIGHUP.
ReadConfig load_config(const BrokerFlags& flags);

ServerOptions server_options(const Config& config);

}  // namespace mq::broker
