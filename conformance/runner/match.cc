#include "conformance/runner/match.h"

#include <algorithm>
#include <type_traits>

#include "conformance/runner/catalogue.h"
#include "conformance/runner/wire.h"
#include "protocol/describe.h"

namespace mq::conformance {
namespace {

using Is = Alternative::Is;

template <class T>
std::string digits(T number) {
  return std::to_string(static_cast<std::uint64_t>(number));
}

const Properties* properties_of(const Packet& packet) {
  return std::visit(
      [](const auto& one) -> const Properties* {
        if constexpr (requires { one.properties; })
          return &one.properties;
        else
          return nullptr;
      },
      packet);
}

std::string value_text(const PropertyValue& value) {
  if (const auto* number = std::get_if<std::uint32_t>(&value)) return digits(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* bytes = std::get_if<Bytes>(&value)) return std::string(bytes->text());
  const auto& user = std::get<UserProperty>(value);
  return user.key + "=" + user.value;
}

std::optional<std::string> seen_property(const Properties& properties, std::string_view field) {
  std::optional<std::string> all;
  const auto add = [&](const std::string& text) { all = all ? *all + "," + text : text; };
  if (field.starts_with("user.")) {
    for (const Property& one : properties.all()) {
      const auto* user = std::get_if<UserProperty>(&one.value);
      if (user != nullptr && user->key == field.substr(5)) add(user->value);
    }
    return all;
  }
  const PropertyInfo* info = property_named(field);
  if (info == nullptr) return std::nullopt;
  std::vector<std::uint32_t> identifiers;  // their order says nothing
  for (const Property& one : properties.all()) {
    if (one.id != info->id) continue;
    if (one.id == PropertyId::subscription_identifier)
      identifiers.push_back(std::get<std::uint32_t>(one.value));
    else
      add(value_text(one.value));
  }
  std::sort(identifiers.begin(), identifiers.end());
  for (std::uint32_t identifier : identifiers) add(digits(identifier));
  return all;
}

template <class P>
std::optional<std::string> seen_reasons(const P& packet) {
  std::string all;
  for (ReasonCode reason : packet.reasons) all += (all.empty() ? "" : ",") + digits(reason);
  return all;
}

std::optional<std::string> seen_connect(const Connect& packet, std::string_view field) {
  if (field == "client_id") return packet.client_id;
  if (field == "clean_start") return digits(packet.clean_start);
  if (field == "keep_alive") return digits(packet.keep_alive);
  if (field == "version") return std::string(name(packet.version));
  if (field == "user_name") return packet.user_name;
  if (field == "password" && packet.password) return std::string(packet.password->text());
  if (!packet.will) return std::nullopt;
  if (field == "will_topic") return packet.will->topic;
  if (field == "will_payload") return std::string(packet.will->payload.text());
  if (field == "will_qos") return digits(packet.will->qos);
  if (field == "will_retain") return digits(packet.will->retain);
  if (field.starts_with("will.")) return seen_property(packet.will->properties, field.substr(5));
  return std::nullopt;
}

std::optional<std::string> seen_publish(const Publish& packet, std::string_view field) {
  if (field == "topic") return packet.topic;
  if (field == "payload") return std::string(packet.payload.text());
  if (field == "qos") return digits(packet.qos);
  if (field == "dup") return digits(packet.dup);
  if (field == "retain") return digits(packet.retain);
  return std::nullopt;
}

std::optional<std::string> seen_filters(const Packet& packet, std::string_view field) {
  std::string all;
  const auto add = [&](const std::string& text) { all += (all.empty() ? "" : ",") + text; };
  if (const auto* unsubscribe = std::get_if<Unsubscribe>(&packet)) {
    if (field != "filter") return std::nullopt;
    for (const std::string& filter : unsubscribe->filters) add(filter);
    return all;
  }
  const auto* subscribe = std::get_if<Subscribe>(&packet);
  if (subscribe == nullptr) return std::nullopt;
  for (const auto& [filter, options] : subscribe->entries) {
    if (field == "filter")
      add(filter);
    else if (field == "qos")
      add(digits(options.qos));
    else if (field == "no_local")
      add(digits(options.no_local));
    else if (field == "retain_as_published")
      add(digits(options.retain_as_published));
    else if (field == "retain_handling")
      add(digits(options.retain_handling));
    else
      return std::nullopt;
  }
  return all;
}

// Numbers are compared as numbers, however they are written.
std::string plain(const std::string& text) {
  const auto number = number_in(text);
  return number ? std::to_string(*number) : text;
}

bool is_acknowledgement(Kind kind) {
  return kind == Kind::pub_ack || kind == Kind::pub_rec || kind == Kind::pub_rel ||
         kind == Kind::pub_comp || kind == Kind::sub_ack || kind == Kind::unsub_ack;
}

bool names(const std::vector<Field>& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const Field& field) { return field.name == name; });
}

std::string shown(const std::optional<std::string>& text) {
  return text ? mq::quoted(*text) : std::string("nothing");
}

}  // namespace

// Not from the decoded packet: these are what the decoder would have to refuse.
std::optional<std::string> seen_on_wire(std::span<const std::byte> wire, std::string_view field) {
  const auto at = [&](std::size_t index) {
    return index < wire.size() ? static_cast<unsigned>(wire[index]) : 0U;
  };
  if (field == "size") return digits(wire.size());
  if (field == "flags") return digits(at(0) & 0xf);
  std::size_t begin = 1;  // of the protocol name, behind the remaining length
  while ((at(begin) & 0x80) != 0) ++begin;
  ++begin;
  const std::size_t length = at(begin) << 8 | at(begin + 1);
  if (begin + 2 + length + 2 > wire.size()) return std::nullopt;
  if (field == "protocol_name")
    return std::string(reinterpret_cast<const char*>(wire.data()) + begin + 2, length);
  return digits(at(begin + 2 + length + (field == "protocol_level" ? 0 : 1)));
}

std::optional<std::string> seen(const Packet& packet, std::string_view field) {
  if (const auto* connect = std::get_if<Connect>(&packet))
    if (auto found = seen_connect(*connect, field)) return found;
  if (const auto* publish = std::get_if<Publish>(&packet))
    if (auto found = seen_publish(*publish, field)) return found;
  if (const auto* conn_ack = std::get_if<ConnAck>(&packet))
    if (field == "session_present") return digits(conn_ack->session_present);
  if (auto found = seen_filters(packet, field)) return found;
  std::optional<std::string> found = std::visit(
      [&](const auto& one) -> std::optional<std::string> {
        if constexpr (requires { one.packet_id; })
          if (field == "id" && one.packet_id != PacketId::none) return digits(one.packet_id);
        if constexpr (requires { one.reason; })
          if (field == "reason") return digits(one.reason);
        if constexpr (requires { one.reasons; })
          if (field == "reasons" || field == "reason") return seen_reasons(one);
        return std::nullopt;
      },
      packet);
  const Properties* properties = properties_of(packet);
  if (!found && properties != nullptr) found = seen_property(*properties, field);
  return found;
}

std::optional<std::uint8_t> reason_of(const Packet& packet) {
  return std::visit(
      [](const auto& one) -> std::optional<std::uint8_t> {
        if constexpr (requires { one.reason; }) return static_cast<std::uint8_t>(one.reason);
        if constexpr (requires { one.reasons; }) {
          std::optional<std::uint8_t> gravest;
          for (ReasonCode reason : one.reasons)
            gravest = std::max(gravest.value_or(0), static_cast<std::uint8_t>(reason));
          return gravest;
        }
        return std::nullopt;
      },
      packet);
}

bool is_refusal(const Packet& packet) {
  const auto reason = reason_of(packet);
  if (!reason) return false;
  // Who does not know the version of a client answers as 3.1.1 did, with 0x01.
  if (kind(packet) == Kind::conn_ack) return *reason != 0;
  return *reason >= 0x80;
}

bool compare(Alternative::Is how, const std::string& left, const std::string& right) {
  const auto a = number_in(left);
  const auto b = number_in(right);
  switch (how) {
    case Is::equal:
      return plain(left) == plain(right);
    case Is::unequal:
      return plain(left) != plain(right);
    case Is::less:
      return a && b && *a < *b;
    case Is::at_most:
      return a && b && *a <= *b;
    case Is::more:
      return a && b && *a > *b;
    case Is::at_least:
      return a && b && *a >= *b;
    default:
      return false;
  }
}

Match match_value(const std::optional<std::string>& text, const Value& wanted,
                  const LookUp& look_up) {
  Match result;
  if (!wanted.capture.empty() && text) result.captured[wanted.capture] = *text;
  if (wanted.alternatives.empty()) {
    if (!text) result.mismatch = "it is not there";
    return result;
  }
  std::string all;
  for (const Alternative& one : wanted.alternatives) {
    if (one.is == Is::any || one.is == Is::absent) {
      if (text.has_value() == (one.is == Is::any)) return result;
      all += all.empty() ? "" : " or ";
      all += one.is == Is::any ? "anything" : "nothing";
      continue;
    }
    auto expanded = expand(one.text, look_up);
    if (auto* fine = std::get_if<std::string>(&expanded); fine != nullptr && !one.is_quoted)
      expanded = bytes_in(*fine);
    if (auto* fault = std::get_if<ScriptFault>(&expanded)) {
      result.fault = *fault;
      return result;
    }
    const std::string& expected = std::get<std::string>(expanded);
    if (one.is == Is::between) {
      const auto number = text ? number_in(*text) : std::nullopt;
      const auto low = number_in(expected);
      const auto high = number_in(one.upper);
      if (number && low && high && *low <= *number && *number <= *high) return result;
    } else if (text && compare(one.is, *text, expected)) {
      return result;
    } else if (!text && one.is == Is::unequal) {
      return result;
    }
    static constexpr const char* signs[] = {"",       "not ",      "below ", "at most ",
                                            "above ", "at least ", "from "};
    all += (all.empty() ? "" : " or ") + std::string(signs[static_cast<std::size_t>(one.is)]) +
           mq::quoted(expected) + (one.is == Is::between ? " to " + one.upper : "");
  }
  result.mismatch = "it is " + shown(text) + ", expected " + all;
  return result;
}

Match match(const Packet& packet, Version version, const Expectation& expected,
            const LookUp& look_up) {
  Match result;
  if (kind(packet) != expected.packet) {
    result.mismatch = std::string("it is a ") + name(kind(packet));
    return result;
  }
  for (const Field& field : *expected.fields) {
    const auto info = field_info(expected.packet, field.name);
    // Versions before 5.0 have no properties and few reason codes: nothing to look at.
    const bool is_of_v5 = info && (info->property || (field.name.starts_with("reason") &&
                                                      kind(packet) != Kind::conn_ack &&
                                                      kind(packet) != Kind::sub_ack));
    if (version != Version::v5 && is_of_v5) continue;
    const auto value =
        is_of_wire(field.name) ? seen_on_wire(expected.wire, field.name) : seen(packet, field.name);
    Match one = match_value(value, field.value, look_up);
    if (one.fault) return one;
    if (!one.mismatch.empty()) {
      result.mismatch = field.name + ": " + one.mismatch;
      return result;
    }
    result.captured.merge(one.captured);
  }
  const bool is_answer = is_acknowledgement(expected.packet);
  if (is_answer && expected.usual_id && !names(*expected.fields, "id")) {
    const auto id = seen(packet, "id");
    if (id != std::to_string(*expected.usual_id))
      result.mismatch =
          "id: it is " + id.value_or("0") + ", expected " + std::to_string(*expected.usual_id);
  }
  const bool may_fail = is_answer || expected.packet == Kind::conn_ack;
  if (may_fail && !names(*expected.fields, "reason") && !names(*expected.fields, "reasons") &&
      is_refusal(packet))
    result.mismatch = "reason: it is a failure, " + std::to_string(*reason_of(packet));
  return result;
}

}  // namespace mq::conformance
