// The one description of the language: what the parser accepts, what its errors name, what the JSON
// Schema prints and what the README lists come from these tables (grammar.h), so they agree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mq::scenario {

enum class Is : std::uint8_t {
  text,
  name,         // of a link or a group: letters, digits, `-` and `_`, a letter first
  choice,       // one of `choices`
  yes_no,       // true or false
  whole,        // a whole number
  decimal,      // a number
  duration,     // with a unit; also one of `choices`
  rate,         // likewise
  size,         // likewise
  percentage,   // likewise
  power,        // likewise
  energy,       // likewise
  length,       // likewise
  speed,        // likewise
  map,          // `keys`
  named_map,    // names of the user's choosing, each with an `item`
  list,         // of `item`
  one_or_list,  // an `item`, or a list of them
  sourced,      // an `item`, or a mapping with its `value` and its `source`
  drawn,        // an `item`, or a mapping with its distribution (`keys`) and its `source`
};

struct Choice {
  std::string_view word;
  std::string_view meaning;
};

struct Key;

struct Shape {
  Is is = Is::text;
  std::string_view title;          // of a map: "a link"; used in errors, unique
  std::span<const Key> keys = {};  // map
  bool takes_one_key = false;      // map: exactly one of its keys
  std::size_t one_of_first = 0;    // map, drawn: exactly one of so many keys at the beginning
  const Shape* item = nullptr;
  std::span<const Choice> choices = {};
  std::string_view min = {};  // as written: "1ms"; empty: no limit of its own
  std::string_view max = {};
  bool may_begin_with_digit = false;  // name
  bool is_whole_seconds = false;      // duration
  bool is_one_line = false;           // text
  std::size_t entries_min = 1;        // list
  std::size_t entries_max = 0;        // list, one_or_list, named_map, and bytes of a text
};

struct Key {
  std::string_view name;
  const Shape* shape = nullptr;
  bool is_required = false;
  std::string_view fallback = {};  // the value when it is left out, as it would be written
  std::string_view description = {};
};

const Key* find(const Shape& map, std::string_view key);

}  // namespace mq::scenario
