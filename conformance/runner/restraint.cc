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
                               "subscription_identifier_available",
                               "server_keep_alive"};

// As `config:` calls it.
std::string_view setting_of(std::string_view announced) {
  if (announced == "server_keep_alive") return "keep_alive_max";
  if (announced == "session_expiry_interval") return "session_expiry_max";
  return announced;
}

// As a placeholder, `{A.maximum_qos}`, or as what CONNACK must say.
bool mentions(const std::vector<Step>& steps, std::string_view announced) {
  const auto is_announced = [&](const Field& field) { return field.name == announced; };
  return std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
    return step.source.find("." + std::string(announced)) != std::string::npos ||
           (step.packet == Kind::conn_ack &&
            std::any_of(step.fields.begin(), step.fields.end(), is_announced)) ||
           std::any_of(step.branches.begin(), step.branches.end(),
                       [&](const Branch& branch) { return mentions(branch.steps, announced); });
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

bool is_about(const Case& one, std::string_view announced) {
  return needs(one, announced) || is_configured(one, setting_of(announced)) ||
         mentions(one.steps, announced);
}

Restraint::Restraint(const Case& one, const Abilities& abilities) : abilities_(abilities) {
  for (const char* limit : limits)
    if (conformance::is_about(one, limit)) own_.insert(limit);
}

std::string Restraint::against(std::span<const std::byte> bytes, Before before) const {
  auto& [reader, is_first, open] = before;
  const std::optional<std::size_t> most =
      is_about("maximum_packet_size") ? std::nullopt : abilities_.maximum_packet_size;
  // CONNECT is sent before anything is announced.
  if (most) reader.allow_packet_bytes(is_first ? std::max(*most, abilities_.connect_bytes) : *most);
  reader.feed(bytes);
  for (;;) {
    const Decoded decoded = reader.next();
    if (most) reader.allow_packet_bytes(*most);
    const auto* fault = std::get_if<Malformed>(&decoded);
    if (fault != nullptr && fault->rule == Rule::packet_fits_the_maximum && most)
      return says("a packet of more than " + std::to_string(*most) + " bytes", "that this is most");
    if (fault != nullptr) return against_broken(reader.wire());
    const auto* packet = std::get_if<Packet>(&decoded);
    if (packet == nullptr) return {};
    if (std::string why = against(*packet, open); !why.empty()) return why;
    if (const auto* publish = std::get_if<Publish>(packet); publish != nullptr)
      if (publish->qos != Qos::at_most_once) open.insert(publish->packet_id);
  }
}

// Of two rules that a packet breaks either may be named.
std::string Restraint::against_broken(std::span<const std::byte> wire) const {
  if (wire.empty()) return {};
  const auto first = std::to_integer<unsigned>(wire[0]);
  if (static_cast<Kind>(first >> 4) != Kind::publish) return {};
  std::string why = against_qos(static_cast<Qos>(first >> 1 & 3));
  return why.empty() ? against_retain((first & 1) != 0) : why;
}

std::string Restraint::against(const Packet& packet, const Open& open) const {
  if (const auto* publish = std::get_if<Publish>(&packet)) return against(*publish, open);
  if (const auto* connect = std::get_if<Connect>(&packet)) return against(*connect);
  if (const auto* subscribe = std::get_if<Subscribe>(&packet)) return against(*subscribe);
  return {};
}

std::string Restraint::against(const Publish& publish, const Open& open) const {
  if (std::string why = against_qos(publish.qos); !why.empty()) return why;
  // 3.1.1 has no word for it, but a broker may have as much room for its clients.
  const auto most = abilities_.receive_maximum;
  if (publish.qos != Qos::at_most_once && most && open.size() >= *most &&
      !is_about("receive_maximum"))
    return says(std::to_string(open.size() + 1) + " messages at a time",
                "a Receive Maximum of " + std::to_string(*most));
  return against_retain(publish.retain);
}

std::string Restraint::against(const Connect& connect) const {
  // A longer one, or none, is refused in 3.1.1, which cannot say that another one counts.
  const auto beat = abilities_.server_keep_alive;
  const bool is_told = connect.version == Version::v5;
  const bool is_longer =
      beat && *beat > 0 && (connect.keep_alive > *beat || (connect.keep_alive == 0 && !is_told));
  if (is_longer && !(is_told && is_about("server_keep_alive")))
    return says("a keep alive of " + std::to_string(connect.keep_alive) + " s",
                "a Server Keep Alive of " + std::to_string(*beat) + " s");
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
  if (static_cast<unsigned>(qos) <= abilities_.maximum_qos || abilities_.maximum_qos == 2)
    return {};
  return says("QoS " + std::to_string(static_cast<int>(qos)),
              "a Maximum QoS of " + std::to_string(abilities_.maximum_qos));
}

std::string Restraint::against_retain(bool retain) const {
  if (!retain || abilities_.retain || is_about("retain_available")) return {};
  return says("a message to be retained", "that it retains none");
}

}  // namespace mq::conformance
