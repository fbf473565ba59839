// A client that is told in words what to do, and tells in words what became of it: what a test
// of conformance wants of any client program (docs/conform.md). Here are the words; who carries
// bytes and time is another matter.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "client/core/client.h"

namespace mq::client {

// name=value, in the order in which they were said; the names are those of MQTT's fields.
using Words = std::vector<std::pair<std::string, std::string>>;

struct Reply {
  std::string word;  // connected, refused, disconnected, message, published, ..., failed
  Words words;
};

// Why something cannot be done: for people.
struct Unsupported {
  std::string why;
};

// `connect` and its words.
std::variant<Settings, Unsupported> settings_of(const Words& words);

class Puppet {
 public:
  // publish, subscribe, unsubscribe, disconnect, reconnect, authenticate.
  std::variant<Input, Unsupported> order(const std::string& verb, const Words& words);
  // Of what a client tells its owner; nothing if it is the driver's to do, or no news.
  std::optional<Reply> reply(const Output& output);

 private:
  std::uint64_t last_ = 0;
};

// One line of the protocol and back: `word name=value ...`, values percent-encoded.
std::string to_line(const std::string& word, const Words& words);
struct Line {
  std::string word;
  Words words;
};
Line line_of(std::string_view text);

}  // namespace mq::client
