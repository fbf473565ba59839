#include "explore/draw_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace mq::explore {
namespace {

constexpr std::uint64_t faults_most = 8;
constexpr double longest = 120;  // of one fault, seconds
constexpr double longest_crash = 20;
// Beside cuts, which are in most runs, and crashes, so many kinds come together at most.
constexpr std::uint64_t rare_kinds_most = 3;

// The instants between two packets at which a state changes hands.
constexpr std::array<std::string_view, 14> packets = {
    "CONNECT sent", "CONNECT arrived", "CONNACK left", "PUBLISH sent",     "PUBLISH arrived",
    "PUBLISH left", "PUBACK left",     "PUBREC sent",  "PUBREC left",      "PUBREL sent",
    "PUBREL left",  "PUBCOMP sent",    "PUBCOMP left", "SUBSCRIBE arrived"};

struct Kinds {
  std::vector<std::string_view> all;  // names of fault_kinds
  bool one_way, placed, again, chance, swizzled;
  bool has(std::string_view name) const {
    return std::find(all.begin(), all.end(), name) != all.end();
  }
};

Kinds draw_kinds(Dice& dice, const Wanted& wanted) {
  const auto may_be = [&](std::string_view kind) {
    const bool is_ours_only = kind == "disk" && !wanted.broker.empty();
    const auto& out = wanted.without;
    return !is_ours_only && std::find(out.begin(), out.end(), kind) == out.end();
  };
  Kinds kinds{.all = {},
              .one_way = dice.one_in(2) && may_be("one-way"),
              .placed = dice.one_in(2) && may_be("placed"),
              .again = dice.one_in(3),
              .chance = dice.one_in(4),
              .swizzled = dice.one_in(5) && may_be("swizzled")};
  const auto draw = [&](std::string_view kind, bool is_in) {
    if (is_in && may_be(kind)) kinds.all.push_back(kind);
  };
  draw("cut", !dice.one_in(3));
  draw("crash", dice.one_in(2));
  draw("power", dice.one_in(3));
  std::vector<std::string_view> possible;
  for (const FaultKind& kind : fault_kinds) {
    const bool is_of_them = kind.is_rare && may_be(kind.name);
    if (is_of_them) possible.push_back(kind.name);
  }
  for (std::uint64_t n = dice.between(0, rare_kinds_most); n > 0 && !possible.empty(); --n) {
    const std::size_t which = dice.between(0, possible.size() - 1);
    kinds.all.push_back(possible[which]);
    possible.erase(possible.begin() + static_cast<std::ptrdiff_t>(which));
  }
  // Something has to go wrong.
  for (const FaultKind& kind : fault_kinds)
    if (kinds.all.empty() && !kind.is_manner && may_be(kind.name)) kinds.all.push_back(kind.name);
  return kinds;
}

// What happens, without when; `length` seconds, if it has a length.
struct Happening {
  std::string text;
  bool has_length = true;
  bool has_directions = false;
  bool is_of_broker = false;
  bool may_be_placed = true;
};

Happening of_link(Dice& dice, std::string_view kind, const std::string& target) {
  Happening what{.text = fmt::format("{}: {}", kind, target), .has_directions = true};
  if (kind == "slow")
    what.text += fmt::format(", rate: {} bit/s", std::llround(dice.spread(2000, 50'000)));
  if (kind == "bloat") what.text += ", by: " + milliseconds(dice.spread(0.2, 10));
  if (kind == "reorder") what.text += ", by: " + milliseconds(dice.spread(0.01, 1));
  if (kind == "lose" || kind == "duplicate" || kind == "reorder" || kind == "corrupt")
    what.text += fmt::format(", share: {}%", dice.between(1, 40));
  return what;
}

Happening at_client(Dice& dice, std::string_view kind, const Storm& storm,
                    const std::string& target, double& length) {
  constexpr std::array<std::string_view, 3> endings = {"silent", "reset", "rebind"};
  if (kind == "reboot") {
    const bool is_lost = storm.may_lose_stores && dice.one_in(3);
    return {.text = fmt::format("reboot: {}, restart_after: {}{}", target, milliseconds(length),
                                is_lost ? ", store: lost" : ""),
            .has_length = false};
  }
  if (kind == "nat" || kind == "clock" || kind == "half_open" || kind == "reset" ||
      kind == "move" || kind == "storm") {
    std::string text = fmt::format("{}: {}", kind, target);
    if (kind == "nat") text += fmt::format(", then: {}", dice.of(endings));
    if (kind == "clock")
      text +=
          ", by: " + milliseconds(dice.spread(1, 7200)) + (dice.one_in(2) ? ", jump: back" : "");
    length = 0;
    return {.text = std::move(text), .has_length = false};
  }
  return of_link(dice, kind, target);
}

Happening happening(Dice& dice, std::string_view kind, const Storm& storm, double& length) {
  if (kind == "crash" || kind == "power") {
    length = std::min(length, longest_crash);
    return {.text = fmt::format("crash: {}, restart_after: {}",
                                kind == "power" ? "machine" : "broker", milliseconds(length)),
            .has_length = false,
            .is_of_broker = true};
  }
  if (kind == "pause") return {.text = "pause: broker", .is_of_broker = true};
  if (kind == "disk") return {.text = "disk: full", .is_of_broker = true};
  const bool is_of_ours = kind == "clock" || kind == "half_open" || kind == "storm";
  const std::string& target = dice.of(is_of_ours ? storm.own_targets : storm.targets);
  Happening what = at_client(dice, kind, storm, target, length);
  what.may_be_placed = std::count(storm.own_targets.begin(), storm.own_targets.end(), target) > 0;
  return what;
}

// When clients are cut off: for a while, or behind a packet.
struct Window {
  double at = 0, length = 0;
  std::string_view after = {};
};

bool cuts_off(std::string_view kind) {
  constexpr std::array<std::string_view, 6> kinds = {"cut",  "half_open", "reset",
                                                     "move", "nat",       "reboot"};
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

// One entry of `faults`. It begins and ends in the storm. What it cuts off for sure is added to
// `cuts`.
std::string draw_fault(Dice& dice, const Kinds& kinds, const Storm& storm,
                       std::vector<Window>& cuts) {
  double length = dice.spread(0.05, std::min(longest, storm.seconds / 3));
  const std::string_view kind = dice.of(kinds.all);
  const Happening what = happening(dice, kind, storm, length);
  const bool is_placed = kinds.placed && dice.one_in(2) && what.may_be_placed;
  double swizzle = 0;
  if (kinds.swizzled && !what.is_of_broker && !is_placed && dice.one_in(2))
    swizzle = dice.spread(0.1, storm.seconds / 10);
  const double whole = length + 2 * swizzle;
  const double drawn_at = dice.spread(0.2, 1 + storm.seconds - whole) - 0.2;
  const double at = std::min(drawn_at, storm.seconds - whole - 0.002);
  std::string fault = "- { at: " + milliseconds(at);
  std::string_view after;
  if (is_placed) {
    after = dice.of(packets);
    fault += fmt::format(", after: {}", after);
  }
  if (swizzle == 0 && (is_placed ? cuts_off(kind) : kind == "cut"))
    cuts.push_back({at, length, after});
  fault += ", " + what.text;
  if (what.has_length) fault += ", for: " + milliseconds(length);
  if (what.has_directions && kinds.one_way && dice.one_in(2))
    fault += dice.one_in(2) ? ", directions: up" : ", directions: down";
  if (swizzle > 0) fault += ", swizzle: " + milliseconds(swizzle);
  if (kinds.again && dice.one_in(2))
    fault += ", every: " + milliseconds(whole + dice.spread(1, storm.seconds));
  if (kinds.chance && dice.one_in(2)) fault += fmt::format(", chance: {}%", dice.between(10, 90));
  return fault + " }\n";
}

// What was under way when a link was cut is settled only when it is back: a broker that has
// crashed meanwhile must still know of it.
std::string draw_crash_within(Dice& dice, const Kinds& kinds, const Storm& storm,
                              const std::vector<Window>& cuts) {
  const bool may_crash = kinds.has("crash") || kinds.has("power");
  if (!may_crash || cuts.empty() || dice.one_in(2)) return {};
  const bool is_power = kinds.has("power") && (!kinds.has("crash") || dice.one_in(2));
  const Window cut = dice.of(cuts);
  const bool is_placed = !cut.after.empty();
  const double at = cut.at + (is_placed ? 0 : dice.spread(0.002, std::max(0.003, cut.length)));
  const double length = std::min(dice.spread(0.05, longest_crash), storm.seconds - at - 0.01);
  if (length < 0.001) return {};
  return fmt::format("  - {{ at: {}{}{}, crash: {}, restart_after: {} }}\n", milliseconds(at),
                     is_placed ? ", after: " : "", cut.after, is_power ? "machine" : "broker",
                     milliseconds(length));
}

}  // namespace

std::string milliseconds(double seconds) {
  return fmt::format("{}ms", std::max<long long>(1, std::llround(seconds * 1000)));
}

std::string draw_faults(Dice& dice, const Wanted& wanted, const Storm& storm) {
  Wanted possible = wanted;
  if (storm.own_targets.empty())
    possible.without.insert(possible.without.end(), {"clock", "half_open", "storm", "placed"});
  const Kinds kinds = draw_kinds(dice, possible);
  if (kinds.all.empty()) return {};
  std::string faults = "faults:\n";
  std::vector<Window> cuts;
  for (std::uint64_t n = dice.between(1, faults_most); n > 0; --n)
    faults += "  " + draw_fault(dice, kinds, storm, cuts);
  return faults + draw_crash_within(dice, kinds, storm, cuts);
}

}  // namespace mq::explore
