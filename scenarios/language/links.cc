#include "scenarios/language/links.h"

#include <array>
#include <string>
#include <utility>

#include "scenarios/language/grammar.h"
#include "scenarios/language/limits.h"
#include "scenarios/language/link_draft.h"
#include "scenarios/language/link_parts.h"
#include "scenarios/language/profiles.h"
#include "scenarios/language/walk.h"

namespace mq::scenario {
namespace {

using sim::link::StationsModel;

constexpr std::string_view written_here = "the scenario";

sim::TcpPreset preset_named(std::string_view word) {
  if (word == "lwip") return sim::TcpPreset::lwip;
  return word == "ns3-default" ? sim::TcpPreset::ns3_default : sim::TcpPreset::linux_;
}

enum class Wanted : std::uint8_t { profile, element };

const Profile* read_profile(const Node& node, Wanted wanted, Problems& problems) {
  const bool wants_element = wanted == Wanted::element;
  const Profile* found = find_profile(node.text);
  if (found != nullptr && found->is_element == wants_element) return found;
  if (found != nullptr) {
    problems.push_back(
        {node.line, node.column,
         in_quotes(node.text) +
             (wants_element ? " is a profile, not an element: write `profile: " + node.text + '`'
                            : " is an element: write `with: " + node.text + '`')});
    return nullptr;
  }
  std::vector<std::string_view> names;
  for (const Profile& known : profiles())
    if (known.is_element == wants_element) names.push_back(known.name);
  const std::string guess = suggestion(node.text, names);
  problems.push_back({node.line, node.column,
                      (wants_element ? "there is no element " : "there is no profile ") +
                          in_quotes(node.text) +
                          (guess.empty() ? "; `mqttlab list profiles` shows them" : guess)});
  return nullptr;
}

void add_elements(const Fields& link, LinkDraft& draft, Problems& problems) {
  const Node* node = link.find("with");
  if (node == nullptr) return;
  const auto add = [&](const Node& name) {
    if (name.kind != Node::Kind::scalar) return;
    if (const Profile* element = read_profile(name, Wanted::element, problems))
      add_element(element->link, draft);
  };
  if (node->kind == Node::Kind::list)
    for (const Node& item : node->items) add(item);
  else
    add(*node);
}

LinkPlan read_link(const Entry& entry, Reading& reading) {
  const Fields fields(&entry.value, link_shape);
  LinkDraft draft;
  if (const auto name = fields.maybe("profile")) {
    const Profile* profile =
        read_profile(*fields.find("profile"), Wanted::profile, reading.problems);
    if (profile != nullptr) {
      draft = draft_of(profile->link);
      draft.plan.profile = profile->name;
    }
  }
  add_elements(fields, draft, reading.problems);
  const std::string source = fields.text("source");
  const std::string link_source = source.empty() ? std::string(written_here) : source;
  apply(fields, link_source, draft, reading);
  if (const Node* tcp = fields.find("tcp")) {
    draft.plan.model.tcp = preset_named(fields.text("tcp"));
    draft.tcp = written(*tcp, link_source);
  }
  apply_stations(fields, link_source, draft, reading);
  if (entry.value.kind == Node::Kind::map && !fields.has("profile") && !draft.parts.stations)
    require_rate_and_delay(draft, entry.value, reading.problems);
  draft.plan.name = entry.key.text;
  return finish(std::move(draft));
}

std::size_t devices_behind(std::size_t link, const Plan& plan) {
  std::size_t devices = 0;
  for (const GroupPlan& group : plan.groups)
    if (group.link == link) devices += group.count;
  return devices;
}

}  // namespace

void check_stations(const Node* links, const Node* world, const Plan& plan, Problems& problems) {
  std::array<bool, 2> is_there{};
  for (std::size_t i = 0; i < plan.links.size(); ++i) {
    if (!plan.links[i].has_stations()) continue;
    const Node& place = links->entries.at(i).key;
    const auto refuse = [&](std::string text) {
      problems.push_back({place.line, place.column, std::move(text)});
    };
    const bool is_lte = plan.links[i].model.parts->stations->kind == StationsModel::Kind::lte;
    if (std::exchange(is_there[is_lte ? 0 : 1], true))
      refuse(std::string("one link with ") + (is_lte ? "`lte`" : "`wifi`") +
             " is the most that a scenario may have");
    const std::size_t devices = devices_behind(i, plan);
    if (devices > stations_devices_max)
      refuse("the link is that of " + std::to_string(devices) + " devices; ns-3's model of " +
             (is_lte ? "LTE" : "Wi-Fi") + " is for at most " +
             std::to_string(stations_devices_max));
  }
  if (const auto why = refusal(plan, plan.world))
    problems.push_back({world->line, world->column, *why});
}

std::vector<LinkPlan> read_links(const Node* node, Reading& reading) {
  std::vector<LinkPlan> links;
  if (node == nullptr || node->kind != Node::Kind::map) return links;
  for (const Entry& entry : node->entries) links.push_back(read_link(entry, reading));
  return links;
}

}  // namespace mq::scenario
