#include "scenarios/language/link_draft.h"

#include <cmath>
#include <utility>

#include "scenarios/language/grammar.h"
#include "scenarios/language/link_parts.h"

namespace mq::scenario {
namespace {

constexpr std::string_view by_default = "default";

struct Direction {
  sim::LinkDirection& plain;
  sim::link::DirectionParts& parts;
};

void set_rate(Direction& direction, const Node& node, Reading& reading) {
  const auto rate = read_rate(node, reading);
  if (!rate) return;
  direction.plain.bits_per_second = rate->fixed;
  direction.parts.rate = rate->model;
}
void set_delay(Direction& direction, const Node& node, Reading& reading) {
  const auto delay = read_distribution(node, delay_shape, Bare::fixed, reading.problems);
  if (!delay) return;
  direction.plain.delay = Duration(std::llround(delay->median() * 1e9));
  direction.parts.delay.reset();
  if (delay->kind() == sim::link::Distribution::Kind::fixed) return;
  direction.parts.delay = sim::link::DelayModel{*delay, 0};
  if (const Node* correlation = find(node, "correlation"))
    if (const auto value = read_scalar(*correlation, *find(delay_shape, "correlation")->shape))
      direction.parts.delay->correlation = value->real;
}

template <class Set>
void set_scalar(const Node& node, std::string_view key, Set set) {
  if (const auto value = read_scalar(node, *find(direction_shape, key)->shape)) set(*value);
}
void set_jitter(Direction& direction, const Node& node, Reading&) {
  set_scalar(node, "jitter", [&](const Value& v) { direction.plain.jitter = v.duration; });
}
void set_loss(Direction& direction, const Node& node, Reading&) {
  set_scalar(node, "loss", [&](const Value& v) { direction.plain.loss = v.real; });
}
void set_queue(Direction& direction, const Node& node, Reading&) {
  set_scalar(node, "queue", [&](const Value& v) { direction.plain.queue_packets = v.whole; });
}
void set_queue_bytes(Direction& direction, const Node& node, Reading&) {
  set_scalar(node, "queue_bytes", [&](const Value& v) { direction.parts.queue_bytes = v.whole; });
}
void set_queue_time(Direction& direction, const Node& node, Reading&) {
  set_scalar(node, "queue_time", [&](const Value& v) { direction.parts.queue_time = v.duration; });
}
void set_drop(Direction& direction, const Node& node, Reading&) {
  set_scalar(node, "drop", [&](const Value& v) { direction.parts.codel = v.text == "codel"; });
}
void set_reorder(Direction& direction, const Node& node, Reading&) {
  set_scalar(node, "reorder", [&](const Value& v) { direction.parts.reorders = v.whole != 0; });
}
void set_bursts(Direction& direction, const Node& node, Reading&) {
  direction.parts.bursts.reset();
  if (node.kind != Node::Kind::map) return;
  const Fields fields(&node, bursts_shape);
  direction.parts.bursts = sim::link::BurstModel{.to_bad = fields.value("to_bad").real,
                                                 .to_good = fields.value("to_good").real,
                                                 .loss_in_good = fields.value("loss_good").real,
                                                 .loss_in_bad = fields.value("loss_bad").real,
                                                 .every = fields.duration("every"),
                                                 .is_shared = fields.yes("shared")};
}

struct Number {
  std::string_view key;
  void (*set)(Direction&, const Node&, Reading&);
};
constexpr std::array numbers = {
    Number{"rate", set_rate},
    Number{"delay", set_delay},
    Number{"jitter", set_jitter},
    Number{"loss", set_loss},
    Number{"queue", set_queue},
    Number{"queue_bytes", set_queue_bytes},
    Number{"queue_time", set_queue_time},
    Number{"drop", set_drop},
    Number{"reorder", set_reorder},
    Number{"bursts", set_bursts},
};
static_assert(numbers.size() == direction_numbers);

void apply_numbers(const Fields& fields, std::string_view link_source, Direction direction,
                   DirectionSources& sources, Reading& reading) {
  for (std::size_t at = 0; at < numbers.size(); ++at) {
    const Node* node = fields.find(numbers[at].key);
    if (node == nullptr) continue;
    numbers[at].set(direction, *node, reading);
    sources[at] = written(*node, link_source);
  }
}

// Gives every number that nobody wrote its default.
void fill(LinkDraft& draft) {
  Problems none;
  Reading reading{"", none};
  for (std::size_t at = 0; at < numbers.size(); ++at) {
    const Key& key = *find(direction_shape, numbers[at].key);
    if (key.fallback.empty() || (draft.parts.stations && key.name == "queue")) continue;
    const Node node{.kind = Node::Kind::scalar, .text = std::string(key.fallback)};
    const Written by{std::string(key.fallback), std::string(by_default)};
    const auto set = [&](Direction direction, std::optional<Written>& source) {
      if (source) return;
      numbers[at].set(direction, node, reading);
      source = by;
    };
    set({draft.plan.model.up, draft.parts.up}, draft.up[at]);
    set({draft.plan.model.down, draft.parts.down}, draft.down[at]);
  }
  if (!draft.tcp)
    draft.tcp = {std::string(find(link_shape, "tcp")->fallback), std::string(by_default)};
}

std::vector<Source> sources(const LinkDraft& draft) {
  std::vector<Source> all;
  const auto add = [&](std::string of, const std::optional<Written>& from) {
    if (from) all.push_back({std::move(of), from->value, from->source});
  };
  for (std::size_t at = 0; at < numbers.size(); ++at) {
    const std::string key(numbers[at].key);
    if (draft.up[at] == draft.down[at]) {
      add(key, draft.up[at]);
      continue;
    }
    add(key + " up", draft.up[at]);
    add(key + " down", draft.down[at]);
  }
  add("tcp", draft.tcp);
  all.insert(all.end(), draft.blocks.begin(), draft.blocks.end());
  return all;
}

}  // namespace

void apply(const Fields& fields, std::string_view link_source, LinkDraft& draft, Reading& reading) {
  const Direction up{draft.plan.model.up, draft.parts.up};
  const Direction down{draft.plan.model.down, draft.parts.down};
  apply_numbers(fields, link_source, up, draft.up, reading);
  apply_numbers(fields, link_source, down, draft.down, reading);
  apply_numbers(fields.map("up"), link_source, up, draft.up, reading);
  apply_numbers(fields.map("down"), link_source, down, draft.down, reading);
  apply_parts(fields, link_source, draft, reading);
}

void require_rate_and_delay(const LinkDraft& draft, const Node& place, Problems& problems) {
  for (std::size_t at = 0; at < 2; ++at) {
    const std::string key(numbers[at].key);
    if (!draft.up[at] && !draft.down[at])
      problems.push_back(
          {place.line, place.column, "a link needs a `profile`, or the key " + in_quotes(key)});
    else if (!draft.up[at] || !draft.down[at])
      problems.push_back({place.line, place.column,
                          "the link has no " + in_quotes(key) + " in the direction " +
                              (draft.up[at] ? "`down`" : "`up`")});
  }
}

LinkPlan finish(LinkDraft draft) {
  fill(draft);
  draft.parts.roams = draft.plan.roaming.has_value();
  if (draft.parts.any())
    draft.plan.model.parts = std::make_shared<const sim::link::Parts>(draft.parts);
  draft.plan.sources = sources(draft);
  return std::move(draft.plan);
}

LinkDraft draft_of(const LinkPlan& profile) {
  LinkDraft draft;
  draft.plan = profile;
  if (profile.model.parts) draft.parts = *profile.model.parts;
  draft.plan.model.parts = nullptr;
  const auto take = [&](std::string_view of) -> std::optional<Written> {
    for (const Source& source : profile.sources)
      if (source.of == of) return Written{source.value, source.source};
    return std::nullopt;
  };
  for (std::size_t at = 0; at < numbers.size(); ++at) {
    const std::string key(numbers[at].key);
    draft.up[at] = draft.down[at] = take(key);
    if (auto up = take(key + " up")) draft.up[at] = up;
    if (auto down = take(key + " down")) draft.down[at] = down;
  }
  draft.tcp = take("tcp");
  for (const Source& source : profile.sources)
    if (is_of_a_part(source.of)) draft.blocks.push_back(source);
  return draft;
}

}  // namespace mq::scenario
