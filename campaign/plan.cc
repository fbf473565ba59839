#include "campaign/plan.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/ensure.h"
#include "base/rng.h"
#include "campaign/parameter.h"
#include "explore/emit.h"
#include "scenarios/language/parse.h"

namespace mq::campaign {
namespace {

using scenario::Node;

std::uint64_t mix(std::uint64_t value) { return Rng(value).next(); }

std::uint64_t digest(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : text) h = mix(h ^ static_cast<unsigned char>(c));
  return h;
}

// Of the scenario without what is swept: its own values there are never run.
std::uint64_t digest_of_base(const Campaign& campaign) {
  Node base = campaign.scenario;
  const Node swept{.kind = Node::Kind::scalar, .text = "swept"};
  const Node gone{.kind = Node::Kind::nothing};
  for (const Axis& axis : campaign.axes)
    for (const std::string& path : axis.paths) put(base, path, swept);
  for (const std::string_view path : {"seed", "world"}) put(base, path, gone);
  return digest(explore::emit(base) + (campaign.world == World::ns3 ? "ns3" : "memory"));
}

// In whatever order the settings are made, the sum is the same.
std::uint64_t digest_of(const Level& level) {
  std::uint64_t sum = 0;
  for (const Setting& setting : level.settings) sum += digest(setting.path + "=" + setting.text);
  return sum;
}

}  // namespace

Plan::Plan(Campaign campaign) : campaign_(std::move(campaign)) {
  for (const Axis& axis : campaign_.axes) {
    points_ *= static_cast<std::uint32_t>(axis.levels.size());
    std::vector<std::uint64_t>& digests = level_digests_.emplace_back();
    for (const Level& level : axis.levels) digests.push_back(digest_of(level));
  }
  brokers_ = static_cast<std::uint32_t>(std::max<std::size_t>(1, campaign_.brokers.size()));
  for (const std::string& broker : campaign_.brokers)
    broker_digests_.push_back(digest("broker " + broker));
  if (broker_digests_.empty()) broker_digests_.push_back(digest("broker of the scenario"));
  seeds_ = static_cast<std::uint32_t>(campaign_.seeds);
  base_digest_ = digest_of_base(campaign_);
}

Run Plan::at(std::uint32_t index) const {
  ensure(index < runs(), "a run of the plan");
  return {.index = index,
          .point = index / seeds_ / brokers_,
          .broker = index / seeds_ % brokers_,
          .seed = campaign_.first_seed + index % seeds_};
}

std::vector<std::uint32_t> Plan::levels(std::uint32_t point) const {
  std::vector<std::uint32_t> levels(campaign_.axes.size());
  for (std::size_t i = levels.size(); i-- > 0;) {
    const auto count = static_cast<std::uint32_t>(campaign_.axes[i].levels.size());
    levels[i] = point % count;
    point /= count;
  }
  return levels;
}

std::uint32_t Plan::point_of(const std::vector<std::uint32_t>& levels) const {
  std::uint32_t point = 0;
  for (std::size_t i = 0; i < levels.size(); ++i)
    point = point * static_cast<std::uint32_t>(campaign_.axes[i].levels.size()) + levels[i];
  return point;
}

Key Plan::key(const Run& run) const {
  std::uint64_t sum = base_digest_ + broker_digests_[run.broker];
  std::uint32_t point = run.point;
  for (std::size_t i = level_digests_.size(); i-- > 0;) {
    const auto count = static_cast<std::uint32_t>(level_digests_[i].size());
    sum += level_digests_[i][point % count];
    point /= count;
  }
  return Key{mix(mix(sum) + mix(~run.seed))};
}

std::vector<const Setting*> Plan::settings(std::uint32_t point) const {
  std::vector<const Setting*> all;
  const auto at = levels(point);
  for (std::size_t i = 0; i < at.size(); ++i)
    for (const Setting& setting : campaign_.axes[i].levels[at[i]].settings) all.push_back(&setting);
  return all;
}

std::string Plan::label(std::uint32_t point) const {
  std::string text;
  for (const Setting* setting : settings(point))
    text += (text.empty() ? "" : ", ") + setting->path + "=" + setting->text;
  return text;
}

std::string Plan::broker(const Run& run) const {
  return campaign_.brokers.empty() ? std::string() : campaign_.brokers[run.broker];
}

std::string Plan::text(const Run& run) const {
  const auto scalar = [](std::string text) {
    return Node{.kind = Node::Kind::scalar, .text = std::move(text)};
  };
  Node tree = campaign_.scenario;
  for (const Setting* setting : settings(run.point)) put(tree, setting->path, setting->value);
  put(tree, "seed", scalar(std::to_string(run.seed)));
  put(tree, "world", scalar(campaign_.world == World::ns3 ? "ns3" : "memory"));
  if (const std::string name = broker(run); !name.empty())
    put(tree, "broker.external", scalar(name));
  return explore::emit(tree);
}

std::optional<Refused> refused_point(const Plan& plan) {
  const std::uint32_t checked = std::min(plan.points(), points_checked_max);
  for (std::uint64_t i = 0; i < checked; ++i) {
    const auto point = static_cast<std::uint32_t>(i * plan.points() / checked);
    const std::string text = plan.text(plan.at(plan.index_of(point, 0, 0)));
    const auto parsed = scenario::parse(text, plan.campaign().scenario_file);
    if (const auto* problems = std::get_if<scenario::Problems>(&parsed))
      return Refused{point, problems->front().text};
  }
  return std::nullopt;
}

std::vector<KeyedRun> keyed_runs(const Plan& plan) {
  std::vector<KeyedRun> runs;
  runs.reserve(plan.runs());
  for (std::uint32_t i = 0; i < plan.runs(); ++i) runs.push_back({plan.key(plan.at(i)), i});
  std::sort(runs.begin(), runs.end(),
            [](const KeyedRun& a, const KeyedRun& b) { return a.key < b.key; });
  return runs;
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> collision(
    const std::vector<KeyedRun>& runs) {
  const auto same =
      std::adjacent_find(runs.begin(), runs.end(),
                         [](const KeyedRun& a, const KeyedRun& b) { return a.key == b.key; });
  if (same == runs.end()) return std::nullopt;
  return std::pair(same->index, std::next(same)->index);
}

std::vector<KeyedRun> part(const std::vector<KeyedRun>& runs, const Shard& shard) {
  std::vector<KeyedRun> mine;
  for (std::size_t i = shard.number; i < runs.size(); i += shard.count) mine.push_back(runs[i]);
  return mine;
}

}  // namespace mq::campaign
