#include "explore/draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "explore/draw_faults.h"
#include "explore/emit.h"
#include "scenarios/language/units.h"

namespace mq::explore {
namespace {

using scenario::Node;

// ---- Links and fleet ---------------------------------------------------------------------------

constexpr std::array<std::string_view, 5> profiles = {"gprs", "edge", "lte-drive", "lte-good",
                                                      "geo-sat"};
constexpr std::array<std::string_view, 5> topics = {"a/{id}", "a/{id}/x", "b", "b/c", "a/state"};
constexpr std::array<std::string_view, 8> filters = {"#",   "a/#",     "a/+", "a/+/x",
                                                     "b/+", "a/state", "b",   "+/c"};

// What this draw knows of at all.
struct Features {
  bool wills, retained, qos0, qos2, v3, clean, expiry, late, leave, options, shared, narrow,
      keep_alive, users;
};

Features draw_features(Dice& dice) {
  return {.wills = dice.one_in(2),
          .retained = dice.one_in(2),
          .qos0 = dice.one_in(2),
          .qos2 = !dice.one_in(3),
          .v3 = dice.one_in(2),
          .clean = dice.one_in(3),
          .expiry = dice.one_in(2),
          .late = dice.one_in(3),
          .leave = dice.one_in(3),
          .options = dice.one_in(3),
          .shared = dice.one_in(4),
          .narrow = dice.one_in(4),
          .keep_alive = dice.one_in(2),
          .users = dice.one_in(5)};
}

std::string draw_link(Dice& dice, std::size_t number) {
  if (dice.one_in(2))
    return fmt::format("  link{}: {{ profile: {} }}\n", number, dice.of(profiles));
  std::string link =
      fmt::format("  link{}: {{ rate: {} kbit/s, delay: {}", number,
                  std::llround(dice.spread(50, 5000)), milliseconds(dice.spread(0.005, 0.6)));
  if (dice.one_in(2)) link += ", jitter: " + milliseconds(dice.spread(0.005, 0.5));
  if (dice.one_in(2)) link += fmt::format(", loss: {}%", dice.between(1, 8));
  return link + ", source: assumption }\n";
}

std::uint64_t draw_qos(Dice& dice, const Features& features) {
  if (features.qos0 && dice.one_in(4)) return 0;
  return features.qos2 && dice.one_in(2) ? 2 : 1;
}

std::string draw_session(Dice& dice, const Features& features, bool v5) {
  if (features.clean && dice.one_in(3)) return "    clean_start: true\n";
  std::string session = "    clean_start: false\n";
  if (!v5) return session;
  constexpr std::array<std::string_view, 4> expiries = {"5s", "30s", "2min", "1h"};
  return session + fmt::format("    session_expiry: {}\n",
                               features.expiry && dice.one_in(2) ? dice.of(expiries) : "1h");
}

std::string draw_will(Dice& dice, const Features& features, bool v5) {
  std::string will = fmt::format(
      "    will: {{ topic: \"a/state\", payload: \"{{id}} is gone\", "
      "qos: {}",
      draw_qos(dice, features));
  if (features.retained && dice.one_in(3)) will += ", retain: true";
  if (v5 && dice.one_in(2)) will += fmt::format(", delay: {}s", dice.between(1, 60));
  return will + " }\n";
}

// So little that the slowest link carries all of it, and what is owed at the end is owed to a
// fault.
std::string draw_publishes(Dice& dice, const Features& features, bool v5) {
  std::string publishes = "    publish:\n";
  for (std::uint64_t n = features.narrow ? 1 : dice.between(1, 3); n > 0; --n) {
    publishes +=
        fmt::format("      - {{ topic: \"{}\", qos: {}, every: {}, payload: {}B", dice.of(topics),
                    draw_qos(dice, features),
                    milliseconds(features.narrow ? dice.spread(20, 60) : dice.spread(2, 30)),
                    std::llround(dice.spread(16, 250)));
    if (features.retained && dice.one_in(2)) publishes += ", retain: true";
    if (v5 && features.expiry && dice.one_in(3))
      publishes += fmt::format(", expiry: {}s", std::llround(dice.spread(1, 120)));
    publishes += " }\n";
  }
  return publishes;
}

std::string draw_subscribes(Dice& dice, const Features& features, bool v5, double start,
                            double storm) {
  std::string subscribes = "    subscribe:\n";
  std::vector<std::string_view> left(filters.begin(), filters.end());
  for (std::uint64_t n = dice.between(1, 2); n > 0; --n) {
    const std::size_t which = dice.between(0, left.size() - 1);
    const bool shared = v5 && features.shared && dice.one_in(2);
    subscribes += fmt::format("      - {{ filter: \"{}{}\", qos: {}", shared ? "$share/team/" : "",
                              left[which], draw_qos(dice, features));
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(which));
    if (features.late && dice.one_in(3))
      subscribes += ", at: " + milliseconds(start + dice.spread(1, storm / 3));
    if (v5 && features.options && dice.one_in(2)) subscribes += ", retain_as_published: true";
    if (v5 && !shared && features.options && dice.one_in(3)) subscribes += ", no_local: true";
    if (v5 && features.options && dice.one_in(4))
      subscribes +=
          dice.one_in(2) ? ", retain_handling: send-if-new" : ", retain_handling: do-not-send";
    subscribes += " }\n";
  }
  return subscribes;
}

// Everybody may write most topics, so that some messages are refused.
std::string draw_broker(Dice& dice, const Features& features, const Wanted& wanted) {
  if (!wanted.broker.empty()) return "broker: { external: \"" + wanted.broker + "\" }\n";
  std::string broker;
  if (dice.one_in(3)) broker += "  sync: " + milliseconds(dice.spread(0.002, 0.2)) + "\n";
  if (features.narrow && dice.one_in(2))
    broker += fmt::format("  receive_maximum: {}\n", dice.between(1, 4));
  if (features.users)
    broker +=
        "  users: { anybody: { password: right, publish: [\"a/#\", b], subscribe: \"#\" } }\n";
  return broker.empty() ? broker : "broker:\n" + broker;
}

std::string draw_group(Dice& dice, const Features& features, std::size_t number, std::size_t links,
                       double storm) {
  const bool v5 = !features.v3 || dice.one_in(2);
  std::string group = fmt::format("  group{}:\n", number);
  if (dice.one_in(3)) group += fmt::format("    count: {}\n", dice.between(2, 3));
  if (!dice.one_in(4)) group += fmt::format("    link: link{}\n", dice.between(1, links));
  if (!v5) group += "    protocol: 3.1.1\n";
  if (features.users)
    group += fmt::format("    username: anybody\n    password: {}\n",
                         number > 2 && dice.one_in(2) ? "wrong" : "right");
  group += draw_session(dice, features, v5);
  if (features.keep_alive)
    group += fmt::format("    keep_alive: {}s\n", std::llround(dice.spread(4, 120)));
  const double start = features.late && dice.one_in(3) ? dice.spread(1, storm / 2) : 0;
  if (start > 0) group += "    start: " + milliseconds(start) + "\n";
  if (features.leave && dice.one_in(3))
    group +=
        "    stop: " + milliseconds(storm - dice.spread(0.5, storm - start - storm / 3 - 1)) + "\n";
  if (v5 && features.narrow) group += fmt::format("    receive_maximum: {}\n", dice.between(1, 4));
  if (features.wills && dice.one_in(2)) group += draw_will(dice, features, v5);
  // The first publishes and the second subscribes, so that something is always owed.
  const bool publishes = number == 1 || (number != 2 && dice.one_in(2));
  if (publishes) group += draw_publishes(dice, features, v5);
  if (!publishes || dice.one_in(3)) group += draw_subscribes(dice, features, v5, start, storm);
  return group;
}

// What cannot befall the user's scenario: its faults would be refused.
Wanted within(Wanted wanted, const Node& base) {
  const Node* const broker = scenario::find(base, "broker");
  if (broker == nullptr || !wanted.broker.empty()) return wanted;
  const auto says = [&](std::string_view key, std::string_view text) {
    const Node* const value = scenario::find(*broker, key);
    return value != nullptr && value->text == text;
  };
  const Node* const external = scenario::find(*broker, "external");
  const bool is_ours = external == nullptr || external->text == "ours";
  if (!is_ours || says("durability", "none")) wanted.without.push_back("disk");
  if (says("durability", "process")) wanted.without.push_back("power");
  return wanted;
}

// Whether nobody in this group, or behind this link, is a program or speaks HTTP.
bool is_of_ours(const std::string& name, const Node& base) {
  const Node* const fleet = scenario::find(base, "fleet");
  return fleet == nullptr ||
         std::none_of(fleet->entries.begin(), fleet->entries.end(), [&](const auto& group) {
           const Node* const link = scenario::find(group.value, "link");
           const bool is_meant =
               group.key.text == name || (link != nullptr ? link->text : "wired") == name;
           return is_meant && (scenario::find(group.value, "program") != nullptr ||
                               scenario::find(group.value, "rest") != nullptr);
         });
}

}  // namespace

std::string draw(std::uint64_t seed, const Wanted& wanted) {
  Dice dice(Rng(seed).child("explore"));
  Features features = draw_features(dice);
  if (!wanted.broker.empty()) features.users = false;
  const double storm = std::floor(dice.spread(20, 400));
  std::string text = fmt::format(
      "version: 1\nname: explored, seed {0}\nduration: {1}s\ncalm: 10min\nseed: {0}\n"
      "world: {2}\n",
      seed, storm, wanted.world);
  text += draw_broker(dice, features, wanted);
  text += "links:\n";
  const std::size_t links = dice.between(1, 3);
  Storm storm_of_faults{.seconds = storm, .targets = {}, .may_lose_stores = !features.v3};
  auto& targets = storm_of_faults.targets;
  for (std::size_t i = 1; i <= links; ++i) {
    text += draw_link(dice, i);
    targets.push_back(fmt::format("link{}", i));
  }
  text += "fleet:\n";
  const std::size_t groups = dice.between(2, 4);
  for (std::size_t i = 1; i <= groups; ++i) {
    text += draw_group(dice, features, i, links, storm);
    targets.push_back(fmt::format("group{}", i));
  }
  storm_of_faults.own_targets = targets;
  return text + draw_faults(dice, wanted, storm_of_faults);
}

std::string draw(std::uint64_t seed, const Wanted& wanted, const Node& base) {
  Dice dice(Rng(seed).child("explore"));
  Node root = base;
  std::erase_if(root.entries, [&](const scenario::Entry& entry) {
    const std::string& key = entry.key.text;
    return key == "faults" || key == "seed" || key == "world" ||
           (key == "broker" && !wanted.broker.empty());
  });
  Storm storm{.may_lose_stores = false};
  for (const scenario::Entry& entry : root.entries) {
    if (entry.key.text == "fleet" || entry.key.text == "links")
      for (const scenario::Entry& named : entry.value.entries) {
        storm.targets.push_back(named.key.text);
        if (is_of_ours(named.key.text, base)) storm.own_targets.push_back(named.key.text);
      }
    if (entry.key.text == "duration")
      if (const auto duration = scenario::parse_duration(entry.value.text))
        storm.seconds = seconds(*duration);
  }
  std::string text = emit(root) + fmt::format("seed: {}\nworld: {}\n", seed, wanted.world);
  if (!wanted.broker.empty()) text += draw_broker(dice, {}, wanted);
  return text + draw_faults(dice, within(wanted, base), storm);
}

}  // namespace mq::explore
