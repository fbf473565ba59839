// Topic names and topic filters (3.1.1 and 5.0, section 4.7; shared subscriptions: 5.0, 4.8.2).
#pragma once

#include <optional>
#include <string_view>

#include "protocol/rule.h"

namespace mq {

// Which rule a string breaks as a topic name or a topic filter; nothing if it is legal. Both take
// well-formed UTF-8 without U+0000 (the codec has seen to it).
std::optional<Rule> topic_name_breaks(std::string_view name);
std::optional<Rule> topic_filter_breaks(std::string_view filter);

// The same for 3.1 and 3.1.1, to which "$share/..." is a filter like any other.
std::optional<Rule> plain_topic_filter_breaks(std::string_view filter);

// `$share/GROUP/FILTER` taken apart; nothing for an ordinary filter or an ill-formed one. The
// views point into `filter`.
struct SharedFilter {
  std::string_view group;
  std::string_view filter;
};
std::optional<SharedFilter> shared(std::string_view filter);

// Whether a legal filter (of a shared one: its inner filter) matches a legal name. A filter that
// begins with a wildcard does not match a name that begins with `$` (v5 MQTT-4.7.2-1).
bool matches(std::string_view filter, std::string_view name);

// Walks the levels of a name or filter: "a//b" has three, the middle one empty.
class Levels {
 public:
  explicit Levels(std::string_view text) : rest_(text) {}
  std::optional<std::string_view> next();

 private:
  std::string_view rest_;
  bool done_ = false;
};

}  // namespace mq
