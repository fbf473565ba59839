#include "conformance/runner/needs.h"

#include <algorithm>
#include <array>

#include "base/nearest_word.h"
#include "scenarios/language/units.h"

namespace mq::conformance {
namespace {

struct Need {
  std::string_view name;
  std::string_view lacking;  // why a case does not apply
  bool (*is_met)(const Abilities&);
};

bool has(const Abilities& abilities, const char* name) { return abilities.given.contains(name); }

constexpr auto known = std::to_array<Need>({
    {"qos1", "the target announces a maximum QoS of 0",
     [](const Abilities& a) { return a.maximum_qos >= 1; }},
    {"qos2", "the target announces a maximum QoS below 2",
     [](const Abilities& a) { return a.maximum_qos >= 2; }},
    {"retain", "the target announces that it keeps no retained messages",
     [](const Abilities& a) { return a.retain; }},
    {"wildcards", "the target announces that it takes no wildcards",
     [](const Abilities& a) { return a.wildcards; }},
    {"subscription_identifiers", "the target announces that it takes no subscription identifiers",
     [](const Abilities& a) { return a.subscription_identifiers; }},
    {"shared_subscriptions", "the target announces that it has no shared subscriptions",
     [](const Abilities& a) { return a.shared_subscriptions; }},
    {"topic_alias", "the target announces no topic alias maximum",
     [](const Abilities& a) { return a.topic_alias_maximum > 0; }},
    {"receive_maximum", "the target announces no receive maximum below 65535",
     [](const Abilities& a) { return a.receive_maximum && *a.receive_maximum < 65535; }},
    {"maximum_packet_size", "the target announces no maximum packet size",
     [](const Abilities& a) { return a.maximum_packet_size.has_value(); }},
    {"server_keep_alive", "the target sets no keep alive of its own",
     [](const Abilities& a) { return a.server_keep_alive.has_value(); }},
    {"virtual_time", "it takes too long for a target in real time",
     [](const Abilities& a) { return a.virtual_time; }},
    {"websocket", "the target is not spoken to over WebSocket",
     [](const Abilities& a) { return a.web_socket; }},
    {"short_round_trip",
     "its times allow for a round trip of 300 ms, and this link may take longer",
     [](const Abilities& a) { return a.round_trip <= std::chrono::milliseconds(300); }},
    {"credentials", "no user and password of the target are known",
     [](const Abilities& a) { return has(a, "user") && has(a, "password"); }},
    {"wrong_password", "it is not known that the target refuses wrong passwords",
     [](const Abilities& a) { return has(a, "wrong_password"); }},
    {"echo_method", "no authentication method of the target is known that asks to send data back",
     [](const Abilities& a) { return has(a, "method"); }},
    {"restricted_user", "no user of the target is known who may not use some topic",
     [](const Abilities& a) { return has(a, "denied_topic"); }},
});

}  // namespace

std::string need_fault(std::string_view need) {
  std::vector<std::string> names;
  std::string all;
  for (const Need& one : known) {
    if (one.name == need) return {};
    names.emplace_back(one.name);
    all += (all.empty() ? "" : ", ") + names.back();
  }
  return "`" + std::string(need) + "` is nothing that a case can need: " + all +
         did_you_mean(need, names);
}

std::string does_not_apply(const Case& one, const Abilities& abilities, TimeToSpend time) {
  for (const std::string& need : one.needs) {
    if (const auto lack = abilities.lacks.find(need); lack != abilities.lacks.end())
      return lack->second;
    for (const Need& row : known)
      if (row.name == need && !row.is_met(abilities)) return std::string(row.lacking);
  }
  if (!abilities.can_be_configured) {
    std::string all;
    for (const std::string& item : one.config)
      if (std::find(abilities.configured.begin(), abilities.configured.end(), item) ==
          abilities.configured.end())
        all += (all.empty() ? "" : ", ") + item;
    if (!all.empty()) return "it needs a target that is configured with " + all;
  }
  const Duration least = least_duration(one, time.quiet);
  if (time.longest > Duration::zero() && least > time.longest)
    return "it takes " + scenario::to_text(least) + ", and --longest is " +
           scenario::to_text(time.longest);
  return {};
}

}  // namespace mq::conformance
