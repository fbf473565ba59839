#include "scenarios/plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/overloaded.h"

namespace mq::scenario {
namespace {

constexpr std::uint32_t never_ends = 0xffffffff;

std::string_view name(WorldKind world) { return world == WorldKind::ns3 ? "ns3" : "memory"; }

// What the client will ask for: 3.1.1 has no expiry, only Clean Session.
std::uint32_t session_expiry(const GroupPlan& group, Version version) {
  if (version == Version::v5) return group.session_expiry;
  return group.clean_start ? 0 : never_ends;
}

trace::ClientInfo client_info(const Plan& plan, const GroupPlan& group, std::size_t number) {
  trace::ClientInfo client;
  client.id = client_id(group, number);
  client.group = group.name;
  client.link = plan.links.at(group.link).name;
  client.version = group.versions[(number - 1) % group.versions.size()];
  client.clean_start = group.clean_start;
  client.session_expiry = session_expiry(group, client.version);
  client.keep_alive = group.keep_alive;
  if (group.will)
    client.will = trace::WillInfo{expand(group.will->topic, client.id, 0), group.will->qos,
                                  group.will->retain, group.will->delay};
  for (const SubscribePlan& subscribe : group.subscribe)
    client.subscriptions.push_back({expand(subscribe.filter, client.id, 0), subscribe.options});
  return client;
}

struct Members {
  std::vector<std::vector<std::uint32_t>> of_link;  // by position in Plan::links
  std::map<std::string, std::uint32_t, std::less<>> by_id;
};

trace::FaultInfo fault_info(const FaultPlan& fault, const Members& members) {
  trace::FaultInfo info;
  info.kind = std::visit(
      overloaded{[](const Cut&) { return "cut"; }, [](const CrashBroker&) { return "crash"; }},
      fault.what);
  info.target = fault.target;
  for (const std::size_t link : fault.links)
    info.clients.insert(info.clients.end(), members.of_link[link].begin(),
                        members.of_link[link].end());
  for (const std::string& id : fault.clients) info.clients.push_back(members.by_id.at(id));
  std::sort(info.clients.begin(), info.clients.end());
  info.clients.erase(std::unique(info.clients.begin(), info.clients.end()), info.clients.end());
  return info;
}

}  // namespace

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
  info.broker = "ours";
  info.durability = plan.broker.durability;
  info.duration = plan.duration;
  info.calm = plan.calm;
  info.expectations = plan.expectations;
  Members members;
  members.of_link.resize(plan.links.size());
  for (const GroupPlan& group : plan.groups)
    for (std::size_t number = 1; number <= group.count; ++number) {
      const auto index = static_cast<std::uint32_t>(info.clients.size());
      info.clients.push_back(client_info(plan, group, number));
      members.of_link[group.link].push_back(index);
      members.by_id.emplace(info.clients.back().id, index);
    }
  for (const FaultPlan& fault : plan.faults) info.faults.push_back(fault_info(fault, members));
  std::uint32_t index = 0;
  for (const GroupPlan& group : plan.groups)
    for (std::size_t number = 1; number <= group.count; ++number, ++index)
      if (plan.links[group.link].outages)
        info.faults.push_back({"outage", info.clients[index].id, {index}});
  return info;
}

}  // namespace mq::scenario
