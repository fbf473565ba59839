#include "conformance/runner/restraint.h"

#include <algorithm>
#include <array>

namespace mq::conformance {
namespace {

constexpr std::array limits = {"maximum_packet_size",
                               "receive_maximum",
                               "maximum_qos",
                               "retain_available",
                               "wildcard_subscription_available",
                               "shared_subscription_available",
                               "subscription_identifier_available"};

bool mentions(const std::vector<Step>& steps, std::string_view what) {
  return std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
    return step.source.find(what) != std::string::npos ||
           std::any_of(step.branches.begin(), step.branches.end(),
                       [&](const Branch& branch) { return mentions(branch.steps, what); });
  });
}

bool is_configured(const Case& one, std::string_view limit) {
  return std::any_of(one.config.begin(), one.config.end(), [&](const std::string& setting) {
    return setting.substr(0, setting.find('=')) == limit;
  });
}

std::string says(const std::string& what, const std::string& announced) {
  return "it sends " + what + ", and the target announces " + announced;
}

}  // namespace

Restraint::Restraint(const Case& one, const Abilities& abilities) : abilities_(abilities) {
  for (const char* limit : limits)
    if (needs(one, limit) || is_configured(one, limit) ||
        mentions(one.steps, "." + std::string(limit)))
      own_.insert(limit);
}

std::string Restraint::against(const Packet& packet, std::size_t bytes, std::size_t open) const {
  const auto most = abilities_.maximum_packet_size;
  if (most && bytes > *most && !is_about("maximum_packet_size"))
    return says("a packet of " + std::to_string(bytes) + " bytes",
                "that it takes " + std::to_string(*most) + " at most");
  if (const auto* publish = std::get_if<Publish>(&packet)) return against(*publish, open);
  if (const auto* connect = std::get_if<Connect>(&packet)) return against(*connect);
  if (const auto* subscribe = std::get_if<Subscribe>(&packet)) return against(*subscribe);
  return {};
}

std::string Restraint::against(const Publish& publish, std::size_t open) const {
  if (std::string why = against_qos(publish.qos); !why.empty()) return why;
  // 3.1.1 has no word for it, but a broker may have as much room for its clients.
  const auto most = abilities_.receive_maximum;
  if (publish.qos != Qos::at_most_once && most && open >= *most && !is_about("receive_maximum"))
    return says(std::to_string(open + 1) + " messages at a time",
                "a Receive Maximum of " + std::to_string(*most));
  return against_retain(publish.retain);
}

std::string Restraint::against(const Connect& connect) const {
  if (!connect.will) return {};
  std::string why = against_qos(connect.will->qos);
  return why.empty() ? against_retain(connect.will->retain) : why;
}

std::string Restraint::against(const Subscribe& subscribe) const {
  for (const auto& [filter, options] : subscribe.entries) {
    const bool is_shared = filter.starts_with("$share/");
    if (is_shared && !abilities_.shared_subscriptions && !is_about("shared_subscription_available"))
      return says("a shared subscription", "that it has none");
    if (filter.find_first_of("+#") != std::string::npos && !abilities_.wildcards &&
        !is_about("wildcard_subscription_available"))
      return says("a wildcard", "that it takes none");
  }
  if (subscribe.properties.number(PropertyId::subscription_identifier) &&
      !abilities_.subscription_identifiers && !is_about("subscription_identifier_available"))
    return says("a subscription identifier", "that it takes none");
  return {};
}

std::string Restraint::against_qos(Qos qos) const {
  if (is_about("maximum_qos")) return {};
  if (const auto lack = abilities_.lacks.find("qos2");
      qos == Qos::exactly_once && lack != abilities_.lacks.end())
    return lack->second;
  if (static_cast<unsigned>(qos) <= abilities_.maximum_qos) return {};
  return says("QoS " + std::to_string(static_cast<int>(qos)),
              "a Maximum QoS of " + std::to_string(abilities_.maximum_qos));
}

std::string Restraint::against_retain(bool retain) const {
  if (!retain || abilities_.retain || is_about("retain_available")) return {};
  return says("a message to be retained", "that it retains none");
}

}  // namespace mq::conformance
