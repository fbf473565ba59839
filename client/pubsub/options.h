// What the commands `pub`, `sub` and `rr` were asked to do: mosquitto's flags, turned into the
// settings of a client core and the orders to give it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/core/client.h"
#include "client/driver/driver.h"

namespace mq::client {

// What both processes say to scripts when they end; the same numbers as all verbs of mqttlab.
namespace exit_status {
inline constexpr int done = 0;
inline constexpr int refused = 1;  // the broker refused a message or a subscription
inline constexpr int usage = 2;
inline constexpr int unreachable = 3;  // no connection, or CONNECT was refused for good
inline constexpr int nothing = 4;      // `sub` and `rr`: ended without what was waited for
inline constexpr int fault = 5;        // stdout could not be written
inline constexpr int interrupted = 130;
inline constexpr int terminated = 143;
}  // namespace exit_status

struct CommonOptions {
  Endpoint endpoint{.host = "localhost", .port = 1883};
  Settings settings;
  Qos qos = Qos::at_most_once;
  Properties disconnect_properties;
  bool debug = false;  // tell on stderr what happens
  bool quiet = false;  // tell no errors
};

// Where the message to be published comes from.
struct MessageSource {
  enum class Kind : std::uint8_t { none, message, file, stdin_whole, stdin_lines, null };
  Kind kind = Kind::none;
  std::string text;  // the message, or the path of the file
};

struct PrintOptions {
  std::string format;  // empty: as `verbose` says
  bool verbose = false;
  bool newline = true;
  bool pretty = false;  // JSON
};

struct PubOptions : CommonOptions {
  MessageSource source;
  std::string topic;
  bool retain = false;
  std::uint32_t repeat = 1;
  std::chrono::milliseconds repeat_delay{0};
  Properties publish_properties;
};

struct RrOptions : CommonOptions {
  MessageSource source;
  std::string topic;           // of the request
  std::string response_topic;  // empty: below what the broker gives as response information
  Properties publish_properties;
  Properties subscribe_properties;
  std::optional<std::chrono::seconds> wait;  // end after so long
  bool skip_stale = false;                   // -R: retained messages of the past
  PrintOptions print;
};

struct SubOptions : CommonOptions {
  std::vector<Subscribe::Entry> entries;
  std::vector<std::string> unsubscribe;
  std::vector<std::string> filter_out;
  Properties subscribe_properties;
  Properties unsubscribe_properties;
  std::optional<std::uint64_t> count;        // end after so many messages
  std::optional<std::chrono::seconds> wait;  // end after so long
  bool end_when_subscribed = false;          // -E
  bool skip_stale = false;                   // -R: retained messages of the past
  bool retained_only = false;
  bool remove_retained = false;
  double printed_share = 1;  // of the messages, chosen by chance
  PrintOptions print;
};

// Nothing to do any more: help was printed, or the usage was wrong and that was told.
struct Ended {
  int exit_status;
};

std::variant<PubOptions, Ended> parse_pub(int argc, char** argv);
std::variant<SubOptions, Ended> parse_sub(int argc, char** argv);
std::variant<RrOptions, Ended> parse_rr(int argc, char** argv);

}  // namespace mq::client
