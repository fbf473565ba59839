#include "explore/draw.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "explore/emit.h"
#include "scenarios/language/units.h"

namespace mq::explore {
namespace {

using scenario::Node;

// Chance with the words in which a draw is thought of.
class Dice {
 public:
  explicit Dice(Rng rng) : rng_(rng) {}

  bool one_in(std::uint64_t n) { return rng_.below(n) == 0; }
  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return least + rng_.below(most - least + 1);
  }
  // Between the two, each order of magnitude as likely as another.
  double spread(double least, double most) { return least * std::pow(most / least, rng_.unit()); }
  template <class T, std::size_t N>
  const T& of(const std::array<T, N>& choices) {
    return choices[rng_.below(N)];
  }
  template <class T>
  const T& of(const std::vector<T>& choices) {
    return choices[rng_.below(choices.size())];
  }

 private:
  Rng rng_;
};

std::string milliseconds(double seconds) {
  return fmt::format("{}ms", std::max<long long>(1, std::llround(seconds * 1000)));
}

// ---- Faults ------------------------------------------------------------------------------------

struct StormKinds {
  bool cuts, one_way, process_crashes, power_failures, again;
};

StormKinds draw_kinds(Dice& dice) {
  StormKinds kinds{};
  kinds.cuts = !dice.one_in(3);
  kinds.one_way = dice.one_in(2);
  kinds.process_crashes = dice.one_in(2);
  kinds.power_failures = dice.one_in(3);
  kinds.again = dice.one_in(3);
  if (!kinds.cuts && !kinds.process_crashes && !kinds.power_failures) kinds.cuts = true;
  return kinds;
}

constexpr std::uint64_t faults_most = 8;

// One entry of `faults`. It begins and ends in the storm.
std::string draw_fault(Dice& dice, const StormKinds& kinds, double storm,
                       const std::vector<std::string>& targets) {
  const double length = dice.spread(0.05, std::min(120.0, storm / 3));
  const double at = dice.spread(0.2, 1 + storm - length) - 0.2;
  std::vector<std::string_view> possible;
  if (kinds.cuts && !targets.empty()) possible.push_back("cut");
  if (kinds.process_crashes) possible.push_back("broker");
  if (kinds.power_failures) possible.push_back("machine");
  const std::string_view kind = possible.empty() ? "broker" : dice.of(possible);
  std::string fault = "- { at: " + milliseconds(std::min(at, storm - length - 0.001)) + ", ";
  if (kind == "cut") {
    fault += fmt::format("cut: {}, for: {}", dice.of(targets), milliseconds(length));
    if (kinds.one_way && dice.one_in(2))
      fault += dice.one_in(2) ? ", directions: up" : ", directions: down";
  } else {
    fault +=
        fmt::format("crash: {}, restart_after: {}", kind, milliseconds(std::min(length, 20.0)));
  }
  if (kinds.again && dice.one_in(2))
    fault += ", every: " + milliseconds(length + dice.spread(1, storm));
  return fault + " }\n";
}

std::string draw_faults(Dice& dice, double storm, const std::vector<std::string>& targets) {
  const StormKinds kinds = draw_kinds(dice);
  std::string faults = "faults:\n";
  for (std::uint64_t n = dice.between(1, faults_most); n > 0; --n)
    faults += "  " + draw_fault(dice, kinds, storm, targets);
  return faults;
}

// ---- Links and fleet ---------------------------------------------------------------------------

constexpr std::array<std::string_view, 5> profiles = {"gprs", "edge", "lte-drive", "lte-good",
                                                      "geo-sat"};
constexpr std::array<std::string_view, 5> topics = {"a/{id}", "a/{id}/x", "b", "b/c", "a/state"};
constexpr std::array<std::string_view, 8> filters = {"#",   "a/#",     "a/+", "a/+/x",
                                                     "b/+", "a/state", "b",   "+/c"};

// What this draw knows of at all.
struct Features {
  bool wills, retained, qos0, qos2, v3, clean, expiry, late, options, keep_alive, users;
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
          .options = dice.one_in(4),
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
std::string draw_publishes(Dice& dice, const Features& features) {
  std::string publishes = "    publish:\n";
  for (std::uint64_t n = dice.between(1, 3); n > 0; --n) {
    publishes += fmt::format("      - {{ topic: \"{}\", qos: {}, every: {}, payload: {}B",
                             dice.of(topics), draw_qos(dice, features),
                             milliseconds(dice.spread(2, 30)), std::llround(dice.spread(16, 250)));
    if (features.retained && dice.one_in(2)) publishes += ", retain: true";
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
    subscribes +=
        fmt::format("      - {{ filter: \"{}\", qos: {}", left[which], draw_qos(dice, features));
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(which));
    if (features.late && dice.one_in(3))
      subscribes += ", at: " + milliseconds(start + dice.spread(1, storm / 3));
    if (v5 && features.options && dice.one_in(2)) subscribes += ", retain_as_published: true";
    if (v5 && features.options && dice.one_in(3)) subscribes += ", no_local: true";
    subscribes += " }\n";
  }
  return subscribes;
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
  if (features.wills && dice.one_in(2)) group += draw_will(dice, features, v5);
  // The first publishes and the second subscribes, so that something is always owed.
  const bool publishes = number == 1 || (number != 2 && dice.one_in(2));
  if (publishes) group += draw_publishes(dice, features);
  if (!publishes || dice.one_in(3)) group += draw_subscribes(dice, features, v5, start, storm);
  return group;
}

}  // namespace

std::string draw(std::uint64_t seed, std::string_view world) {
  Dice dice(Rng(seed).child("explore"));
  const Features features = draw_features(dice);
  const double storm = std::floor(dice.spread(20, 400));
  std::string text = fmt::format(
      "version: 1\nname: explored, seed {0}\nduration: {1}s\ncalm: 10min\nseed: {0}\n"
      "world: {2}\n",
      seed, storm, world);
  // Everybody may write most topics, so that some messages are refused.
  if (features.users)
    text +=
        "broker: { users: { anybody: { password: right, publish: [\"a/#\", b], "
        "subscribe: \"#\" } } }\n";
  text += "links:\n";
  const std::size_t links = dice.between(1, 3);
  std::vector<std::string> targets;
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
  return text + draw_faults(dice, storm, targets);
}

std::string draw(std::uint64_t seed, std::string_view world, const Node& base) {
  Dice dice(Rng(seed).child("explore"));
  Node root = base;
  std::erase_if(root.entries, [](const scenario::Entry& entry) {
    return entry.key.text == "faults" || entry.key.text == "seed" || entry.key.text == "world";
  });
  std::vector<std::string> targets;
  double storm = 60;
  for (const scenario::Entry& entry : root.entries) {
    if (entry.key.text == "fleet" || entry.key.text == "links")
      for (const scenario::Entry& named : entry.value.entries) targets.push_back(named.key.text);
    if (entry.key.text == "duration")
      if (const auto duration = scenario::parse_duration(entry.value.text))
        storm = seconds(*duration);
  }
  return emit(root) + fmt::format("seed: {}\nworld: {}\n", seed, world) +
         draw_faults(dice, storm, targets);
}

}  // namespace mq::explore
