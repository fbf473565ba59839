#include "client/pubsub/property_flag.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/nearest_word.h"

namespace mq::client {
namespace {

struct PlaceName {
  const char* name;
  PropertyPlaces place;
};
constexpr PlaceName places[] = {
    {"connect", place(Kind::connect)},         {"will", will_properties},
    {"publish", place(Kind::publish)},         {"subscribe", place(Kind::subscribe)},
    {"unsubscribe", place(Kind::unsubscribe)}, {"disconnect", place(Kind::disconnect)}};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::optional<std::uint32_t> number(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::variant<PropertyValue, std::string> value_of(const PropertyInfo& row,
                                                  const std::vector<std::string>& words) {
  const std::string& text = words[2];
  for (std::size_t i = 2; i < std::min<std::size_t>(words.size(), 4); ++i)
    if (words[i].size() > 0xFFFF) return std::string("a value has more than 65,535 bytes");
  switch (row.form) {
    case PropertyForm::text:
      return PropertyValue{text};
    case PropertyForm::binary:
      return PropertyValue{Bytes::copy(text)};
    case PropertyForm::text_pair:
      if (words.size() < 4) return std::string("user-property needs a key and a value");
      return PropertyValue{UserProperty{text, words[3]}};
    default:
      break;
  }
  const auto value = number(text);
  if (!value || *value < row.min || *value > row.max)
    return "expected a number from " + std::to_string(row.min) + " to " + std::to_string(row.max) +
           " for " + dashed(row.name) + ", got \"" + text + "\"";
  return PropertyValue{*value};
}

}  // namespace

std::string dashed(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

std::variant<PropertyFlag, std::string> parse_property_flag(const std::vector<std::string>& words) {
  if (words.size() < 3) return std::string("expected PACKET PROPERTY VALUE");
  std::vector<std::string> names;
  const PlaceName* where = nullptr;
  for (const PlaceName& candidate : places) {
    names.emplace_back(candidate.name);
    if (lower(words[0]) == candidate.name) where = &candidate;
  }
  if (where == nullptr)
    return "expected connect, will, publish, subscribe, unsubscribe or disconnect, got \"" +
           words[0] + "\"" + did_you_mean(lower(words[0]), names);
  names.clear();
  const PropertyInfo* row = nullptr;
  for (const PropertyInfo& candidate : all_properties()) {
    if ((candidate.from_client & where->place) == 0) continue;
    names.push_back(dashed(candidate.name));
    if (lower(words[1]) == names.back()) row = &candidate;
  }
  if (row == nullptr)
    return "\"" + words[1] + "\" is no property of " + where->name +
           did_you_mean(lower(words[1]), names);
  auto value = value_of(*row, words);
  if (auto* wrong = std::get_if<std::string>(&value)) return std::move(*wrong);
  return PropertyFlag{.place = where->place,
                      .property = {row->id, std::get<PropertyValue>(std::move(value))},
                      .words = row->form == PropertyForm::text_pair ? 4u : 3u};
}

Properties properties_for(const std::vector<PropertyFlag>& flags, PropertyPlaces place) {
  Properties properties;
  for (const PropertyFlag& flag : flags)
    if (flag.place == place) properties.add(flag.property.id, flag.property.value);
  return properties;
}

}  // namespace mq::client
