#include "scenarios/language/value.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "scenarios/language/units.h"

namespace mq::scenario {
namespace {

constexpr std::size_t name_bytes_max = 40;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_name(std::string_view text, bool may_begin_with_digit) {
  const auto belongs = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; };
  return !text.empty() && text.size() <= name_bytes_max &&
         (is_letter(text.front()) || (may_begin_with_digit && is_digit(text.front()))) &&
         std::all_of(text.begin(), text.end(), belongs);
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// What some reader of YAML takes for a truth value or a number when it is not in quotes.
bool is_truth_word(std::string_view text) {
  constexpr std::array<std::string_view, 8> words = {"true", "false", "yes", "no",
                                                     "on",   "off",   "y",   "n"};
  return std::find(words.begin(), words.end(), lower(text)) != words.end();
}
bool is_number_like(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (lower(text) == ".inf" || lower(text) == ".nan") return true;
  if (text.empty() || !(is_digit(text.front()) || text.front() == '.')) return false;
  const auto belongs = [](char c) {
    return is_digit(c) || c == '.' || c == '_' || c == ':' || c == 'e' || c == 'E' || c == '-' ||
           c == '+' || c == 'x' || c == 'o';
  };
  if (!std::any_of(text.begin(), text.end(), is_digit)) return false;
  const bool is_hex = text.starts_with("0x");
  const auto is_hex_digit = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  if (is_hex) return std::all_of(text.begin() + 2, text.end(), is_hex_digit);
  return std::all_of(text.begin(), text.end(), belongs) &&
         std::count(text.begin(), text.end(), '.') <= 1;
}

bool is_quantity(Is is) {
  return is == Is::duration || is == Is::rate || is == Is::size || is == Is::percentage ||
         is == Is::power || is == Is::energy || is == Is::length || is == Is::speed;
}

// Only what is needed to compare with a limit: the number in base units.
std::optional<Value> parse(std::string_view text, Is is) {
  Value value;
  const auto take = [&](auto& into, const auto& parsed) -> std::optional<Value> {
    if (!parsed) return std::nullopt;
    into = *parsed;
    return value;
  };
  switch (is) {
    case Is::duration:
      return take(value.duration, parse_duration(text));
    case Is::rate:
      return take(value.real, parse_rate(text));
    case Is::percentage:
      return take(value.real, parse_percentage(text));
    case Is::power:
      return take(value.real, parse_power(text));
    case Is::energy:
      return take(value.real, parse_energy(text));
    case Is::length:
      return take(value.real, parse_length(text));
    case Is::speed:
      return take(value.real, parse_speed(text));
    case Is::decimal:
      return take(value.real, parse_decimal(text));
    case Is::size:
      return take(value.whole, parse_size(text));
    case Is::whole:
      return take(value.whole, parse_whole(text));
    default:
      return std::nullopt;
  }
}

bool is_below(const Value& a, const Value& b, Is is) {
  if (is == Is::duration) return a.duration < b.duration;
  return is == Is::whole || is == Is::size ? a.whole < b.whole : a.real < b.real;
}

// What a frequent slip means, as a further sentence.
std::string hint(std::string_view text, const Shape& shape) {
  if (text.starts_with('-')) return "; it cannot be negative";
  if (!is_quantity(shape.is)) return {};
  if (parse_decimal(text)) return "; the unit is missing";
  if (shape.is == Is::rate && (text.find('B') != std::string_view::npos))
    return "; links are counted in bits: 1 byte is 8 bits";
  if (shape.is == Is::duration && text.ends_with('m')) return "; minutes are `min`";
  return {};
}

std::variant<Value, std::string> read_choice(const Node& node, const Shape& shape) {
  for (const Choice& choice : shape.choices) {
    const bool is_written_as_number = is_number_like(choice.word);
    if (node.text == choice.word && !(is_written_as_number && node.is_quoted))
      return Value{.text = std::string(choice.word)};
  }
  std::vector<std::string_view> words;
  for (const Choice& choice : shape.choices) words.push_back(choice.word);
  const std::string guess = suggestion(node.text, words);
  if (!guess.empty()) return found(node) + " is not known here" + guess;
  return "expected " + expected(shape) + ", found " + found(node);
}

// Control characters but for the tab and the end of a line: in a topic, a name or a text they only
// serve to play tricks on terminals.
bool has_control_character(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7f) return true;
    if (byte == 0xc2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xa0)
      return true;
  }
  return false;
}

std::variant<Value, std::string> read_text(const Node& node, const Shape& shape) {
  if (!node.is_quoted && (is_truth_word(node.text) || is_number_like(node.text)))
    return "expected text, found " + found(node) + ": put it in quotes";
  // A block of text in YAML ends with a line end that nobody means.
  const std::string text = node.text.substr(0, node.text.find_last_not_of('\n') + 1);
  if (text.size() > shape.entries_max)
    return "longer than " + std::to_string(shape.entries_max) + " bytes";
  if (text.empty()) return std::string("expected text, found none");
  if (has_control_character(text)) return std::string("text must not contain control characters");
  if (shape.is_one_line && text.find('\n') != std::string::npos)
    return std::string("expected one line of text, found several");
  return Value{.text = text};
}

std::variant<Value, std::string> read_yes_no(const Node& node) {
  if (!node.is_quoted && node.text == "true") return Value{.whole = 1};
  if (!node.is_quoted && node.text == "false") return Value{.whole = 0};
  return "expected true or false, found " + found(node) +
         (is_truth_word(node.text) ? ": write `true` or `false`" : "");
}

std::variant<Value, std::string> read_number(const Node& node, const Shape& shape) {
  for (const Choice& choice : shape.choices)
    if (node.text == choice.word) return Value{.text = std::string(choice.word), .is_word = true};
  if (node.is_quoted && (!is_quantity(shape.is) || node.text == "0"))
    return "expected " + expected(shape) + ", found text: leave the quotes away";
  const auto value = parse(node.text, shape.is);
  if (!value)
    return "expected " + expected(shape) + ", found " + found(node) + hint(node.text, shape);
  const auto min = parse(shape.min, shape.is);
  const auto max = parse(shape.max, shape.is);
  if (min && is_below(*value, *min, shape.is))
    return "must be at least " + std::string(shape.min) + ", is " + in_quotes(node.text);
  if (max && is_below(*max, *value, shape.is))
    return "must be at most " + std::string(shape.max) + ", is " + in_quotes(node.text);
  if (shape.is_whole_seconds && value->duration % std::chrono::seconds(1) != Duration::zero())
    return "must be whole seconds, is " + in_quotes(node.text);
  return *value;
}

std::string list_of(std::span<const Choice> choices) {
  std::string text;
  for (const Choice& choice : choices) {
    if (!text.empty()) text += &choice == &choices.back() ? " or " : ", ";
    text += in_quotes(choice.word);
  }
  return text;
}

std::string_view noun(Is is) {
  switch (is) {
    case Is::text:
      return "text";
    case Is::name:
      return "a name (letters, digits, `-`, `_`, a letter first, at most 40)";
    case Is::choice:
      return {};
    case Is::yes_no:
      return "true or false";
    case Is::whole:
      return "a whole number";
    case Is::decimal:
      return "a number";
    case Is::duration:
      return "a duration such as `500ms`, `45s`, `10min`, `2h` or `3d`";
    case Is::rate:
      return "a rate such as `20 kbit/s` or `1.5 Mbit/s`";
    case Is::size:
      return "a size such as `64B` or `4kB`";
    case Is::power:
      return "a power such as `220 mW`";
    case Is::energy:
      return "an energy such as `5 J` or `1.2 Wh`";
    case Is::length:
      return "a length such as `500 m` or `1.5 km`";
    case Is::speed:
      return "a speed such as `100 km/h` or `2 m/s`";
    case Is::percentage:
      return "a percentage such as `2%`";
    case Is::map:
    case Is::named_map:
      return "a mapping (`key: value`)";
    case Is::list:
      return "a list";
    case Is::one_or_list:
    case Is::sourced:
    case Is::drawn:
      return {};
  }
  return {};
}

}  // namespace

std::string expected(const Shape& shape) {
  if (shape.is == Is::choice) return list_of(shape.choices);
  if (shape.is == Is::one_or_list) return expected(*shape.item) + ", or a list";
  if (shape.is == Is::sourced || shape.is == Is::drawn) return expected(*shape.item);
  std::string text(noun(shape.is));
  if (!shape.choices.empty()) text += ", or " + list_of(shape.choices);
  return text;
}

std::string found(const Node& node) {
  switch (node.kind) {
    case Node::Kind::nothing:
    case Node::Kind::refused:
      return "nothing";
    case Node::Kind::scalar:
      return in_quotes(node.text);
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a mapping";
  }
  return {};
}

std::variant<Value, std::string> read_value(const Node& node, const Shape& shape) {
  if (node.kind != Node::Kind::scalar)
    return "expected " + expected(shape) + ", found " + found(node);
  switch (shape.is) {
    case Is::text:
      return read_text(node, shape);
    case Is::name:
      if (is_truth_word(node.text)) return "a name cannot be " + found(node);
      if (is_name(node.text, shape.may_begin_with_digit)) return Value{.text = node.text};
      return "expected " + expected(shape) + ", found " + found(node);
    case Is::choice:
    case Is::map:  // one of the words in place of the mapping
      return read_choice(node, shape);
    case Is::yes_no:
      return read_yes_no(node);
    default:
      return read_number(node, shape);
  }
}

}  // namespace mq::scenario
