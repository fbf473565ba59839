#include "client/puppet/puppet.h"

#include <algorithm>
#include <charconv>

#include "base/overloaded.h"
#include "protocol/property_table.h"

namespace mq::client {
namespace {

std::optional<std::uint32_t> number_of(std::string_view text) {
  const bool is_hex = text.starts_with("0x");
  if (is_hex) text.remove_prefix(2);
  std::uint32_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, is_hex ? 16 : 10);
  const bool is_fine = error == std::errc{} && end == text.data() + text.size();
  return is_fine ? std::optional(number) : std::nullopt;
}

// Adds a property of this name; false if there is none, or none with such a value.
bool add_property(Properties& properties, std::string_view name, const std::string& value) {
  if (name.starts_with("user.")) {
    properties.add_user(std::string(name.substr(5)), value);
    return true;
  }
  for (const PropertyInfo& info : all_properties()) {
    if (info.name != name) continue;
    if (info.form == PropertyForm::text) {
      properties.add(info.id, value);
    } else if (info.form == PropertyForm::binary) {
      properties.add(info.id, Bytes::copy(value));
    } else {
      const auto number = number_of(value);
      if (!number) return false;
      properties.add(info.id, *number);
    }
    return true;
  }
  return false;
}

// Reads words one after another; the first that means nothing is the fault.
class Reader {
 public:
  explicit Reader(const Words& words) : words_(words) {}

  template <class Take>
  std::optional<Unsupported> all(Take take) {
    for (const auto& [name, value] : words_)
      if (!take(name, value)) return Unsupported{name + "=" + value};
    return std::nullopt;
  }

 private:
  const Words& words_;
};

bool set_number(auto& into, const std::string& value) {
  const auto number = number_of(value);
  if (number) into = static_cast<std::decay_t<decltype(into)>>(*number);
  return number.has_value();
}

bool set_version(Settings& settings, const std::string& value) {
  for (const Version version : {Version::v3_1, Version::v3_1_1, Version::v5})
    if (value == name(version) || (value == "5" && version == Version::v5)) {
      settings.version = version;
      return true;
    }
  return false;
}

bool set_will(Will& will, std::string_view name, const std::string& value) {
  if (name == "will_topic") return will.topic = value, true;
  if (name == "will_payload") return will.payload = Bytes::copy(value), true;
  if (name == "will_qos") return set_number(will.qos, value);
  if (name == "will_retain") return set_number(will.retain, value);
  return name.starts_with("will.") && add_property(will.properties, name.substr(5), value);
}

bool set_connect(Settings& settings, const std::string& name, const std::string& value) {
  if (name == "version") return set_version(settings, value);
  if (name == "client_id") return settings.client_id = value, true;
  if (name == "clean_start") return set_number(settings.clean_start, value);
  if (name == "keep_alive") {
    std::uint32_t seconds = 0;
    const bool is_fine = set_number(seconds, value);
    settings.keep_alive = std::chrono::seconds(seconds);
    return is_fine;
  }
  if (name == "user_name") return settings.user_name = value, true;
  if (name == "password") return settings.password = Bytes::copy(value), true;
  if (name == "authentication_method") {
    settings.authentication_method = value;
    return value == "SCRAM-SHA-256";
  }
  if (name.starts_with("will")) {
    if (!settings.will) settings.will.emplace();
    return set_will(*settings.will, name, value);
  }
  return add_property(settings.connect_properties, name, value);
}

bool set_publish(Publish& publish, const std::string& name, const std::string& value) {
  if (name == "topic") return publish.topic = value, true;
  if (name == "payload") return publish.payload = Bytes::copy(value), true;
  if (name == "qos") return set_number(publish.qos, value) && publish.qos <= Qos::exactly_once;
  if (name == "retain") return set_number(publish.retain, value);
  return add_property(publish.properties, name, value);
}

bool set_subscribe(SubscribeOrder& order, const std::string& name, const std::string& value) {
  if (name == "filter") return order.entries.push_back({value, {}}), true;
  if (order.entries.empty()) return add_property(order.properties, name, value);
  SubscriptionOptions& options = order.entries.back().options;
  if (name == "qos") return set_number(options.qos, value) && options.qos <= Qos::exactly_once;
  if (name == "no_local") return set_number(options.no_local, value);
  if (name == "retain_as_published") return set_number(options.retain_as_published, value);
  if (name == "retain_handling") return set_number(options.retain_handling, value);
  return add_property(order.properties, name, value);
}

std::string digits(auto number) { return std::to_string(static_cast<unsigned>(number)); }

std::string listed(const std::vector<ReasonCode>& reasons) {
  std::string all;
  for (const ReasonCode reason : reasons) all += (all.empty() ? "" : ",") + digits(reason);
  return all;
}

void say(Words& words, const Properties& properties) {
  for (const Property& one : properties.all()) {
    const std::string name(property_info(static_cast<std::uint32_t>(one.id))->name);
    std::visit(overloaded{[&](std::uint32_t number) { words.emplace_back(name, digits(number)); },
                          [&](const std::string& text) { words.emplace_back(name, text); },
                          [&](const Bytes& bytes) { words.emplace_back(name, bytes.text()); },
                          [&](const UserProperty& user) {
                            words.emplace_back("user." + user.key, user.value);
                          }},
               one.value);
  }
}

Reply message(const Publish& publish) {
  Reply reply{"message",
              {{"topic", publish.topic},
               {"qos", digits(publish.qos)},
               {"retain", digits(publish.retain)},
               {"dup", digits(publish.dup)},
               {"payload", std::string(publish.payload.text())}}};
  say(reply.words, publish.properties);
  return reply;
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_./$+#,:").find(c) != std::string_view::npos;
}

std::string encoded(std::string_view text) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string all;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_plain(c))
      all += c;
    else
      (all += '%') += {hex[byte >> 4], hex[byte & 15]};
  }
  return all;
}

std::string decoded(std::string_view text) {
  std::string all;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned byte = 0;
    const char* const digits = text.data() + at + 1;
    if (text[at] == '%' && at + 2 < text.size() &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      all += static_cast<char>(byte);
      at += 2;
    } else {
      all += text[at];
    }
  }
  return all;
}

}  // namespace

std::variant<Settings, Unsupported> settings_of(const Words& words) {
  using namespace std::chrono_literals;
  Settings settings;
  settings.reconnect.first = 100ms;
  settings.reconnect.max = 1s;
  settings.keeps_records = false;
  const auto fault = Reader(words).all([&](const std::string& name, const std::string& value) {
    return set_connect(settings, name, value);
  });
  if (fault) return *fault;
  return settings;
}

std::variant<Input, Unsupported> Puppet::order(const std::string& verb, const Words& words) {
  const Handle handle{++last_};
  std::optional<Unsupported> fault;
  Input input = Start{};
  if (verb == "publish") {
    PublishOrder order{handle, {}};
    fault = Reader(words).all([&](const std::string& name, const std::string& value) {
      return set_publish(order.message, name, value);
    });
    input = std::move(order);
  } else if (verb == "subscribe") {
    SubscribeOrder order{handle, {}, {}};
    fault = Reader(words).all([&](const std::string& name, const std::string& value) {
      return set_subscribe(order, name, value);
    });
    input = std::move(order);
  } else if (verb == "unsubscribe") {
    UnsubscribeOrder order{handle, {}};
    fault = Reader(words).all([&](const std::string& name, const std::string& value) {
      if (name == "filter") return order.filters.push_back(value), true;
      return add_property(order.properties, name, value);
    });
    input = std::move(order);
  } else if (verb == "disconnect") {
    StopOrder order;
    fault = Reader(words).all([&](const std::string& name, const std::string& value) {
      if (name == "reason") return set_number(order.reason, value);
      return add_property(order.properties, name, value);
    });
    input = std::move(order);
  } else if (verb == "authenticate") {
    input = AuthenticateOrder{};
  } else if (verb != "reconnect") {
    fault = Unsupported{verb};
  }
  if (fault) return *fault;
  return input;
}

std::optional<Reply> Puppet::reply(const Output& output) {
  using Replied = std::optional<Reply>;
  return std::visit(
      overloaded{[](const Connected& it) -> Replied {
                   Reply reply{"connected",
                               {{"session_present", digits(it.conn_ack.session_present)},
                                {"reason", digits(it.conn_ack.reason)}}};
                   say(reply.words, it.conn_ack.properties);
                   return reply;
                 },
                 [](const Refused& it) -> Replied {
                   return Reply{"refused", {{"reason", digits(it.conn_ack.reason)}}};
                 },
                 [](const Disconnected& it) -> Replied {
                   Reply reply{"disconnected", {}};
                   if (it.by_peer) reply.words.emplace_back("reason", digits(it.by_peer->reason));
                   return reply;
                 },
                 [](const Message& it) -> Replied { return message(it.publish); },
                 [](const Completed& it) -> Replied {
                   using enum Completed::Outcome;
                   if (it.outcome == received || it.outcome == session_lost) return std::nullopt;
                   if (it.outcome == acknowledged)
                     return Reply{"published", {{"reason", digits(it.reason)}}};
                   return Reply{"failed", {{"verb", "publish"}, {"reason", digits(it.reason)}}};
                 },
                 [](const Subscribed& it) -> Replied {
                   return Reply{"subscribed", {{"reasons", listed(it.reasons)}}};
                 },
                 [](const Unsubscribed& it) -> Replied {
                   return Reply{"unsubscribed", {{"reasons", listed(it.reasons)}}};
                 },
                 [](const Reauthenticated&) -> Replied {
                   return Reply{"authenticated", {}};
                 },
                 [](const auto&) -> Replied { return std::nullopt; }},
      output);
}

std::string to_line(const std::string& word, const Words& words) {
  std::string line = word;
  for (const auto& [name, value] : words) line += " " + encoded(name) + "=" + encoded(value);
  return line;
}

Line line_of(std::string_view text) {
  Line line;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t blank = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, blank - at);
    const std::size_t equals = std::min(word.find('='), word.size());
    if (at == 0)
      line.word = word;
    else if (!word.empty())
      line.words.emplace_back(decoded(word.substr(0, equals)),
                              decoded(word.substr(std::min(equals + 1, word.size()))));
    at = blank + 1;
  }
  return line;
}

}  // namespace mq::client
