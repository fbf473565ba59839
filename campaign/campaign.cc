#include "campaign/campaign.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "campaign/grammar.h"
#include "campaign/sweep.h"
#include "scenarios/language/grammar.h"
#include "scenarios/language/parse.h"
#include "scenarios/language/walk.h"

namespace mq::campaign {
namespace {

using scenario::Entry;
using scenario::Fields;
using scenario::Node;
using scenario::Problems;

std::vector<std::string> words(const Node* node) {
  std::vector<std::string> all;
  if (node == nullptr) return all;
  if (node->kind == Node::Kind::scalar) all.push_back(node->text);
  for (const Node& item : node->items)
    if (item.kind == Node::Kind::scalar) all.push_back(item.text);
  return all;
}

FileProblems in_file(Problems problems, std::string_view file) {
  std::stable_sort(problems.begin(), problems.end(), [](const auto& a, const auto& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  FileProblems all;
  for (auto& problem : problems) all.push_back({std::string(file), std::move(problem)});
  return all;
}

// The form of everything but the swept parameters, which sweep.cc walks.
void check_form(const Node& root, Problems& problems) {
  Node form = root;
  for (Entry& entry : form.entries)
    for (const std::string_view swept : {"grid", "list", "latin"})
      if (entry.key.text == swept) entry.value.kind = Node::Kind::refused;
  scenario::check(form, campaign_shape, "the file", problems);
}

void check_brokers(const std::vector<std::string>& brokers, const Node* node, Problems& problems) {
  std::set<std::string> seen;
  for (const std::string& broker : brokers)
    if (!seen.insert(broker).second)
      problems.push_back(
          {node->line, node->column, "the broker " + scenario::in_quotes(broker) + " comes twice"});
}

void check_size(const Campaign& campaign, Problems& problems) {
  std::uint64_t runs = campaign.seeds * std::max<std::uint64_t>(1, campaign.brokers.size());
  for (const Axis& axis : campaign.axes) {
    runs *= std::max<std::uint64_t>(1, axis.levels.size());
    if (runs > runs_max) break;
  }
  if (runs > runs_max)
    problems.push_back({1, 1, "more than " + std::to_string(runs_max) + " runs"});
}

// The programs that play campaigns are not linked with ns-3's models, and a sweep would take years.
void refuse_stations(const scenario::Plan& plan, const scenario::Node& place, Problems& problems) {
  for (const scenario::LinkPlan& link : plan.links)
    if (link.has_stations())
      problems.push_back(
          {place.line, place.column,
           "the link " + link.name + " of this scenario has a network of ns-3's " +
               "own (`lte`, `wifi`), which is not for campaigns: `mqttlab run --seeds` " +
               "plays it"});
}

}  // namespace

NamedScenario scenario_named(std::string_view text, std::string_view file) {
  Problems ignored;
  const scenario::Document document = scenario::read_document(text, ignored);
  const Node* node = scenario::find(document.root, "scenario");
  if (node == nullptr || node->kind != Node::Kind::scalar) return {};
  const auto path = std::filesystem::path(file).parent_path() / node->text;
  return {node->text, path.lexically_normal().string(), node->line, node->column};
}

scenario::Problem at_broker(std::string_view text, std::size_t index, std::string why) {
  Problems ignored;
  const scenario::Document document = scenario::read_document(text, ignored);
  const Node* node = scenario::find(document.root, "brokers");
  if (node == nullptr) return {1, 1, std::move(why)};
  if (index < node->items.size()) node = &node->items[index];
  return {node->line, node->column, std::move(why)};
}

std::variant<Campaign, FileProblems> parse(std::string_view text, std::string_view file,
                                           std::string_view scenario_text, Scenario is,
                                           std::string scenario_file) {
  Problems problems;
  const scenario::Document document = scenario::read_document(text, problems);
  if (!document.is_whole) return in_file(std::move(problems), file);
  check_form(document.root, problems);
  Campaign campaign;
  campaign.file = file;
  campaign.text = text;
  campaign.scenario_file =
      scenario_file.empty() ? scenario_named(text, file).path : std::move(scenario_file);
  campaign.scenario_text = scenario_text;
  if (campaign.scenario_file.empty()) return in_file(std::move(problems), file);

  if (is == Scenario::unchecked) {
    auto parsed = scenario::parse(scenario_text, campaign.scenario_file);
    if (auto* wrong = std::get_if<Problems>(&parsed)) {
      FileProblems all = in_file(std::move(problems), file);
      const FileProblems more = in_file(std::move(*wrong), campaign.scenario_file);
      all.insert(all.end(), more.begin(), more.end());
      return all;
    }
    refuse_stations(std::get<scenario::Plan>(parsed), *scenario::find(document.root, "scenario"),
                    problems);
  }
  Problems none;
  campaign.scenario = scenario::read_document(scenario_text, none).root;
  const Fields base(&campaign.scenario, scenario::scenario_shape);

  const Fields fields(&document.root, campaign_shape);
  campaign.name = fields.has("name") ? fields.text("name") : base.text("name");
  const std::string world = fields.has("world") ? fields.text("world") : base.text("world");
  campaign.world = world == "ns3" ? World::ns3 : World::memory;
  campaign.brokers = words(fields.find("brokers"));
  check_brokers(campaign.brokers, fields.find("brokers"), problems);
  campaign.first_seed = fields.has("first_seed") ? fields.whole("first_seed") : base.whole("seed");
  campaign.seeds = std::max<std::uint64_t>(1, fields.whole("seeds"));
  const Fields limits = fields.map("limits");
  campaign.limits = {limits.duration("time"), limits.whole("memory")};
  campaign.axes = read_axes(document.root, campaign.scenario, problems);
  check_size(campaign, problems);
  if (!problems.empty()) return in_file(std::move(problems), file);
  return campaign;
}

}  // namespace mq::campaign
