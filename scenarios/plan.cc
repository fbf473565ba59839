#include "scenarios/plan.h"

#include <array>
#include <utility>

#include "sim/link/parts.h"

namespace mq::scenario {
namespace {

std::string_view name(WorldKind world) { return world == WorldKind::ns3 ? "ns3" : "memory"; }

// What the client will ask for: 3.1.1 has no expiry, only Clean Session.
std::uint32_t session_expiry(const GroupPlan& group, Version version) {
  if (version == Version::v5) return group.session_expiry;
  return group.clean_start ? 0 : session_never_ends;
}

trace::ClientInfo client_info(const Plan& plan, const GroupPlan& group, std::size_t number) {
  trace::ClientInfo client;
  client.id = client_id(group, number);
  client.group = group.name;
  client.link = plan.links.at(group.link).name;
  if (group.rest) {
    client.speaks = trace::Speaks::http;
    return client;
  }
  client.version = group.versions[(number - 1) % group.versions.size()];
  client.clean_start = group.clean_start;
  client.session_expiry = session_expiry(group, client.version);
  client.keep_alive = group.keep_alive;
  if (group.will)
    client.will = trace::WillInfo{expand(group.will->topic, client.id, 0), group.will->qos,
                                  group.will->retain, group.will->delay};
  for (const SubscribePlan& subscribe : group.subscribe)
    client.subscriptions.push_back({expand(subscribe.filter, client.id, 0), subscribe.options});
  if (plan.broker.users.empty()) return client;
  client.may_publish.emplace();
  client.may_read.emplace();
  for (const UserPlan& user : plan.broker.users) {
    if (user.name != group.user_name) continue;
    client.may_publish = user.publish;
    client.may_read = user.subscribe;
  }
  return client;
}

}  // namespace

Duration length_of(const FaultKind& what) {
  return std::visit(
      [](const auto& one) {
        if constexpr (requires { one.length; })
          return one.length;
        else if constexpr (requires { one.restart_after; })
          return one.restart_after;
        else
          return Duration{};
      },
      what);
}

bool is_of_broker(const FaultKind& what) {
  return std::holds_alternative<CrashBroker>(what) || std::holds_alternative<PauseBroker>(what) ||
         std::holds_alternative<FillDisk>(what);
}

std::string client_id(const GroupPlan& group, std::size_t number) {
  return group.count == 1 ? group.name : group.name + "-" + std::to_string(number);
}

std::string expand(std::string_view text, std::string_view id, std::uint64_t number) {
  std::string result;
  while (true) {
    const std::size_t brace = text.find('{');
    result += text.substr(0, brace);
    if (brace == std::string_view::npos) return result;
    text.remove_prefix(brace);
    if (text.starts_with("{id}")) {
      result += id;
      text.remove_prefix(4);
    } else if (text.starts_with("{n}")) {
      result += std::to_string(number);
      text.remove_prefix(3);
    } else {
      result += '{';
      text.remove_prefix(1);
    }
  }
}

trace::RunInfo run_info(const Plan& plan) {
  trace::RunInfo info;
  info.scenario = plan.name;
  info.description = plan.description;
  info.seed = plan.seed;
  info.world = name(plan.world);
  info.broker = plan.broker.external.empty() ? "ours" : plan.broker.external;
  info.durability = plan.broker.durability;
  info.duration = plan.duration;
  info.calm = plan.calm;
  info.expectations = plan.expectations;
  for (const GroupPlan& group : plan.groups)
    for (std::size_t number = 1; number <= group.count; ++number)
      info.clients.push_back(client_info(plan, group, number));
  for (const FaultPlan& fault : plan.faults)
    info.faults.push_back({fault.kind, fault.target, fault.clients});
  const auto add_per_client = [&](std::string_view kind, auto LinkPlan::*part) {
    std::uint32_t index = 0;
    for (const GroupPlan& group : plan.groups)
      for (std::size_t number = 1; number <= group.count; ++number, ++index)
        if (plan.links[group.link].*part)
          info.faults.push_back({std::string(kind), info.clients[index].id, {index}});
  };
  add_per_client("outage", &LinkPlan::outages);
  add_per_client("roaming", &LinkPlan::roaming);
  std::uint32_t index = 0;
  for (const GroupPlan& group : plan.groups)
    for (std::size_t number = 1; number <= group.count; ++number, ++index)
      for (const MoveName& move : moves(plan.links[group.link]))
        info.faults.push_back({std::string(move.kind), info.clients[index].id, {index}});
  return info;
}

bool LinkPlan::has_stations() const { return model.parts && model.parts->stations; }

std::span<const MoveName> moves(const LinkPlan& link) {
  using Move = sim::World::Move;
  static constexpr std::array of_lte = {MoveName{Move::handover, "handover"},
                                        MoveName{Move::link_failure, "link failure"}};
  static constexpr std::array of_wifi = {MoveName{Move::roam, "roam"}};
  if (!link.has_stations()) return {};
  if (link.model.parts->stations->kind == sim::link::StationsModel::Kind::wifi) return of_wifi;
  return of_lte;
}

std::optional<std::string> refusal(const Plan& plan, WorldKind world) {
  if (world == WorldKind::ns3) return std::nullopt;
  for (const LinkPlan& link : plan.links)
    if (link.has_stations())
      return "the link " + link.name +
             " has a network of ns-3's own (`lte`, `wifi`): it needs the world `ns3`";
  return std::nullopt;
}

}  // namespace mq::scenario
