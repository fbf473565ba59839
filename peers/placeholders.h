// The texts of an adapter with their gaps filled: `${port.mqtt}` becomes what it stands for, and a
// line (or a word of a command) that begins with `${?durable}` is there only if that is wanted,
// with
// `${!durable}` only if it is not.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mq::peers {

struct Placeholders {
  // What a name stands for; nothing if it is unknown.
  std::function<std::optional<std::string>(std::string_view name)> value;
  std::function<bool(std::string_view name)> is_wanted;
};

// All names in a text, in its order: "port.mqtt", "?durable"; a `${` without its end is "${".
std::vector<std::string> placeholders_in(std::string_view text);

// Line by line. Names must be known: the adapter was checked.
std::string filled(std::string_view text, const Placeholders& placeholders);
// Words whose condition does not hold are left out.
std::vector<std::string> filled(const std::vector<std::string>& words,
                                const Placeholders& placeholders);

}  // namespace mq::peers
