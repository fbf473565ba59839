#include "conformance/runner/catalogue.h"

#include <algorithm>
#include <array>

namespace mq::conformance {
namespace {

using Kinds = std::uint32_t;
constexpr Kinds bit(Kind kind) { return 1U << static_cast<unsigned>(kind); }
constexpr Kinds everywhere = ~0U;
constexpr Kinds acknowledgements =
    bit(Kind::pub_ack) | bit(Kind::pub_rec) | bit(Kind::pub_rel) | bit(Kind::pub_comp);
constexpr Kinds subscribing =
    bit(Kind::subscribe) | bit(Kind::sub_ack) | bit(Kind::unsubscribe) | bit(Kind::unsub_ack);
constexpr Kinds with_id = acknowledgements | subscribing | bit(Kind::publish);
constexpr Kinds with_properties =
    with_id | bit(Kind::connect) | bit(Kind::conn_ack) | bit(Kind::disconnect) | bit(Kind::auth);

struct Row {
  std::string_view name;
  Kinds where;
  Form form;
};
constexpr auto rows = std::to_array<Row>({
    // Only of what comes.
    {"size", everywhere, Form::number},
    {"flags", everywhere, Form::number},
    {"connect_flags", bit(Kind::connect), Form::number},
    {"protocol_name", bit(Kind::connect), Form::text},
    {"protocol_level", bit(Kind::connect), Form::number},
    {"version", bit(Kind::connect), Form::text},
    {"client_id", bit(Kind::connect), Form::text},
    {"clean_start", bit(Kind::connect), Form::number},
    {"keep_alive", bit(Kind::connect), Form::number},
    {"will_topic", bit(Kind::connect), Form::text},
    {"will_payload", bit(Kind::connect), Form::text},
    {"will_qos", bit(Kind::connect), Form::number},
    {"will_retain", bit(Kind::connect), Form::number},
    {"user_name", bit(Kind::connect), Form::text},
    {"password", bit(Kind::connect), Form::text},
    {"session_present", bit(Kind::conn_ack), Form::number},
    {"reason",
     acknowledgements | bit(Kind::conn_ack) | bit(Kind::sub_ack) | bit(Kind::unsub_ack) |
         bit(Kind::disconnect) | bit(Kind::auth),
     Form::number},
    {"reasons", bit(Kind::sub_ack) | bit(Kind::unsub_ack), Form::list},
    {"id", with_id, Form::number},
    {"topic", bit(Kind::publish), Form::text},
    {"payload", bit(Kind::publish), Form::text},
    {"qos", bit(Kind::publish) | bit(Kind::subscribe), Form::number},
    {"dup", bit(Kind::publish), Form::number},
    {"retain", bit(Kind::publish), Form::number},
    {"filter", bit(Kind::subscribe) | bit(Kind::unsubscribe), Form::text},
    {"no_local", bit(Kind::subscribe), Form::number},
    {"retain_as_published", bit(Kind::subscribe), Form::number},
    {"retain_handling", bit(Kind::subscribe), Form::number},
    {"options", bit(Kind::subscribe), Form::number},
});

constexpr auto twists = std::to_array<Row>({
    {"flags", everywhere, Form::number},
    {"type", everywhere, Form::number},
    {"length", everywhere, Form::text},
    {"append", everywhere, Form::text},
    {"drop", everywhere, Form::number},
    {"truncate", everywhere, Form::number},
    {"pieces", everywhere, Form::number},
    {"frame", everywhere, Form::text},
    {"properties_length", with_properties, Form::text},
    {"will_properties_length", bit(Kind::connect), Form::text},
    {"protocol_name", bit(Kind::connect), Form::text},
    {"protocol_level", bit(Kind::connect), Form::number},
    {"connect_flags", bit(Kind::connect), Form::number},
    {"set_connect_flags", bit(Kind::connect), Form::number},
    {"acknowledge_flags", bit(Kind::conn_ack), Form::number},
});

std::optional<FieldInfo> property_field(std::string_view field) {
  if (field.starts_with("user.")) return FieldInfo{Form::text, PropertyId::user_property};
  if (field.starts_with("property.")) return FieldInfo{Form::text};
  const PropertyInfo* property = property_named(field);
  if (property == nullptr) return std::nullopt;
  const bool is_text = property->form == PropertyForm::text ||
                       property->form == PropertyForm::binary ||
                       property->form == PropertyForm::text_pair;
  return FieldInfo{is_text ? Form::text : Form::number, property->id};
}

}  // namespace

bool has_properties(Kind packet) { return (with_properties & bit(packet)) != 0; }
bool has_packet_id(Kind packet) { return (with_id & bit(packet)) != 0; }

bool is_of_wire(std::string_view field) {
  return field == "size" || field == "flags" || field == "connect_flags" ||
         field == "protocol_name" || field == "protocol_level";
}

std::optional<FieldInfo> field_info(Kind packet, std::string_view field) {
  for (const Row& row : rows)
    if (row.name == field && (row.where & bit(packet)) != 0) return FieldInfo{row.form};
  if (packet == Kind::connect && field.starts_with("will.")) {
    auto found = property_field(field.substr(5));
    if (found) found->of_will = true;
    return found;
  }
  return has_properties(packet) ? property_field(field) : std::nullopt;
}

std::optional<FieldInfo> twist_info(Kind packet, std::string_view twist) {
  for (const Row& row : twists)
    if (row.name == twist && (row.where & bit(packet)) != 0) return FieldInfo{row.form};
  if (twist.starts_with("at.")) return FieldInfo{Form::text};
  return std::nullopt;
}

std::vector<std::string> field_names(Kind packet) {
  std::vector<std::string> names;
  for (const Row& row : rows)
    if ((row.where & bit(packet)) != 0) names.emplace_back(row.name);
  if (has_properties(packet))
    for (const PropertyInfo& property : all_properties()) names.emplace_back(property.name);
  return names;
}

std::vector<std::string> twist_names() {
  std::vector<std::string> names;
  for (const Row& row : twists) names.emplace_back(row.name);
  return names;
}

const std::vector<std::string>& told_words() {
  static const std::vector<std::string> words = {
      "ready",     "connected",  "refused",      "disconnected",  "message",
      "published", "subscribed", "unsubscribed", "authenticated", "failed"};
  return words;
}

std::optional<Kind> packet_named(std::string_view word) {
  for (int at = 1; at <= 15; ++at)
    if (word == name(static_cast<Kind>(at))) return static_cast<Kind>(at);
  return std::nullopt;
}

std::vector<std::string> packet_names() {
  std::vector<std::string> names;
  for (int at = 1; at <= 15; ++at) names.emplace_back(name(static_cast<Kind>(at)));
  return names;
}

const PropertyInfo* property_named(std::string_view word) {
  for (const PropertyInfo& property : all_properties())
    if (property.name == word) return &property;
  return nullptr;
}

}  // namespace mq::conformance
