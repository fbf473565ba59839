#include "scenarios/language/schema.h"

#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ensure.h"
#include "scenarios/language/grammar.h"
#include "scenarios/language/units.h"
#include "scenarios/language/value.h"
#include "scenarios/language/walk.h"

namespace mq::scenario {
namespace {

// ---- JSON ---------------------------------------------------------------------------------------

struct Member;

struct Json {
  std::string scalar;  // as it stands in the text; empty for an object or a list
  bool is_list = false;
  std::vector<Member> members;  // of a list: without names
};

struct Member {
  std::string_view name;
  Json value;
};

Json text(std::string_view value) {
  std::string escaped = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return {.scalar = escaped + '"'};
}
Json literal(std::string_view value) { return {.scalar = std::string(value)}; }
Json number(std::uint64_t value) { return {.scalar = std::to_string(value)}; }
Json list(std::vector<Json> items) {
  Json all{.is_list = true};
  for (Json& item : items) all.members.push_back({"", std::move(item)});
  return all;
}
void set(Json& object, std::string_view key, Json value) {
  object.members.push_back({key, std::move(value)});
}

void write(const Json& json, std::size_t indent, std::string& out) {
  if (!json.scalar.empty()) {
    out += json.scalar;
    return;
  }
  out += json.is_list ? '[' : '{';
  bool is_first = true;
  for (const auto& [key, value] : json.members) {
    out.append(is_first ? "\n" : ",\n").append(indent + 2, ' ');
    if (!json.is_list) out.append(text(key).scalar).append(": ");
    write(value, indent + 2, out);
    is_first = false;
  }
  if (!json.members.empty()) out.append("\n").append(indent, ' ');
  out += json.is_list ? ']' : '}';
}

// ---- Shapes -------------------------------------------------------------------------------------

Json schema(const Shape& shape);

// Numbers among the words are numbers in YAML.
Json word(std::string_view choice) { return parse_whole(choice) ? literal(choice) : text(choice); }

Json words(std::span<const Choice> choices) {
  std::vector<Json> all;
  for (const Choice& choice : choices) all.push_back(word(choice.word));
  return list(std::move(all));
}

// A string with its unit, one of the words, or, where 0 is allowed, 0 itself.
Json quantity(std::string_view pattern, const Shape& shape) {
  Json written;
  set(written, "type", text("string"));
  set(written, "pattern", text(pattern));
  std::vector<Json> ways = {std::move(written)};
  if (!shape.choices.empty()) {
    Json choice;
    set(choice, "enum", words(shape.choices));
    ways.push_back(std::move(choice));
  }
  const auto zero = read_value(Node{.kind = Node::Kind::scalar, .text = "0"}, shape);
  if (std::holds_alternative<Value>(zero)) {
    Json bare;
    set(bare, "const", literal("0"));
    ways.push_back(std::move(bare));
  }
  if (ways.size() == 1) return std::move(ways.front());
  Json any;
  set(any, "anyOf", list(std::move(ways)));
  return any;
}

// The fallback as YAML reads it.
Json fallback_value(const Key& key) {
  const Shape& shape = key.shape->item != nullptr ? *key.shape->item : *key.shape;
  const bool is_literal =
      shape.is == Is::whole || shape.is == Is::yes_no || shape.is == Is::decimal;
  return is_literal ? literal(key.fallback) : word(key.fallback);
}

// What a pattern cannot say.
std::string range(const Shape& shape) {
  const bool has_item = shape.is == Is::sourced || shape.is == Is::drawn;
  const Shape& scalar = has_item ? *shape.item : shape;
  const bool is_said = scalar.is == Is::whole || scalar.is == Is::decimal;
  if (scalar.min.empty() || is_said) return {};
  return " From " + std::string(scalar.min) + " to " + std::string(scalar.max) +
         (scalar.is_whole_seconds ? ", whole seconds." : ".");
}

Json map_schema(const Shape& shape) {
  Json properties;
  std::vector<Json> required;
  for (const Key& key : shape.keys) {
    Json property = schema(*key.shape);
    set(property, "description", text(std::string(key.description) + range(*key.shape)));
    if (!key.fallback.empty()) set(property, "default", fallback_value(key));
    set(properties, key.name, std::move(property));
    if (key.is_required) required.push_back(text(key.name));
  }
  Json json;
  set(json, "type", text("object"));
  set(json, "additionalProperties", literal("false"));
  set(json, "properties", std::move(properties));
  if (!required.empty()) set(json, "required", list(std::move(required)));
  if (shape.one_of_first > 0) {
    std::vector<Json> ways;
    for (const Key& key : shape.keys.first(shape.one_of_first)) {
      Json way;
      set(way, "required", list({text(key.name)}));
      ways.push_back(std::move(way));
    }
    set(json, "oneOf", list(std::move(ways)));
  }
  if (shape.takes_one_key) {
    set(json, "minProperties", number(1));
    set(json, "maxProperties", number(1));
  }
  return json;
}

Json named_map_schema(const Shape& shape) {
  Json names;
  set(names, "pattern", text(name_pattern));
  Json json;
  set(json, "type", text("object"));
  set(json, "propertyNames", std::move(names));
  set(json, "additionalProperties", schema(*shape.item));
  set(json, "minProperties", number(1));
  set(json, "maxProperties", number(shape.entries_max));
  return json;
}

Json list_schema(const Shape& shape) {
  Json json;
  set(json, "type", text("array"));
  set(json, "items", schema(*shape.item));
  set(json, "minItems", number(shape.entries_min));
  set(json, "maxItems", number(shape.entries_max));
  return json;
}

Json either(Json one, Json other) {
  Json json;
  set(json, "anyOf", list({std::move(one), std::move(other)}));
  return json;
}

Json scalar_schema(const Shape& shape) {
  Json json;
  switch (shape.is) {
    case Is::text:
      set(json, "type", text("string"));
      set(json, "minLength", number(1));
      set(json, "maxLength", number(shape.entries_max));
      return json;
    case Is::name:
      set(json, "type", text("string"));
      set(json, "pattern", text(shape.may_begin_with_digit ? profile_name_pattern : name_pattern));
      return json;
    case Is::choice:
      set(json, "enum", words(shape.choices));
      return json;
    case Is::yes_no:
      set(json, "type", text("boolean"));
      return json;
    case Is::whole:
    case Is::decimal:
      set(json, "type", text(shape.is == Is::whole ? "integer" : "number"));
      set(json, "minimum", literal(shape.min));
      set(json, "maximum", literal(shape.max));
      return json;
    case Is::duration:
      return quantity(duration_pattern, shape);
    case Is::rate:
      return quantity(rate_pattern, shape);
    case Is::size:
      return quantity(size_pattern, shape);
    case Is::power:
      return quantity(power_pattern, shape);
    case Is::energy:
      return quantity(energy_pattern, shape);
    case Is::length:
      return quantity(length_pattern, shape);
    case Is::speed:
      return quantity(speed_pattern, shape);
    default:
      ensure(shape.is == Is::percentage);
      return quantity(percentage_pattern, shape);
  }
}

Json schema(const Shape& shape) {
  switch (shape.is) {
    case Is::map: {
      if (shape.choices.empty()) return map_schema(shape);
      Json choice;
      set(choice, "enum", words(shape.choices));
      return either(map_schema(shape), std::move(choice));
    }
    case Is::named_map:
      return named_map_schema(shape);
    case Is::list:
      return list_schema(shape);
    case Is::one_or_list:
      return either(schema(*shape.item), list_schema(shape));
    case Is::sourced: {
      const auto keys = sourced_keys(*shape.item);
      return either(schema(*shape.item), map_schema(Shape{.is = Is::map, .keys = keys}));
    }
    case Is::drawn:
      return either(
          schema(*shape.item),
          map_schema(Shape{.is = Is::map, .keys = shape.keys, .one_of_first = shape.one_of_first}));
    default:
      return scalar_schema(shape);
  }
}

}  // namespace

std::string scenario_schema() {
  Json json;
  set(json, "$schema", text("http://json-schema.org/draft-07/schema#"));
  set(json, "title", text("mqttlab scenario"));
  Json language = schema(scenario_shape);
  for (auto& [key, value] : language.members) set(json, key, std::move(value));
  std::string out;
  write(json, 0, out);
  return out;
}

}  // namespace mq::scenario
