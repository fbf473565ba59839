#include "scenarios/language/link_draft.h"

#include <utility>

#include "scenarios/language/grammar.h"

namespace mq::scenario {
namespace {

constexpr std::string_view by_default = "default";

void set_rate(sim::LinkDirection& direction, const Value& value) {
  direction.bits_per_second = value.is_word ? 0 : value.real;
}
void set_delay(sim::LinkDirection& direction, const Value& value) {
  direction.delay = value.duration;
}
void set_jitter(sim::LinkDirection& direction, const Value& value) {
  direction.jitter = value.duration;
}
void set_loss(sim::LinkDirection& direction, const Value& value) { direction.loss = value.real; }
void set_queue(sim::LinkDirection& direction, const Value& value) {
  direction.queue_packets = value.whole;
}

struct Number {
  std::string_view key;
  void (*set)(sim::LinkDirection&, const Value&);
};
constexpr std::array numbers = {Number{"rate", set_rate}, Number{"delay", set_delay},
                                Number{"jitter", set_jitter}, Number{"loss", set_loss},
                                Number{"queue", set_queue}};

static_assert(numbers.size() == direction_numbers);

void apply_numbers(const Fields& fields, std::string_view link_source, sim::LinkDirection& model,
                   DirectionSources& sources) {
  for (std::size_t at = 0; at < numbers.size(); ++at) {
    const Node* node = fields.find(numbers[at].key);
    if (node == nullptr) continue;
    numbers[at].set(model, fields.value(numbers[at].key));
    sources[at] = written(*node, link_source);
  }
}

// Gives every number that nobody wrote its default.
void fill(LinkDraft& draft) {
  for (std::size_t at = 0; at < numbers.size(); ++at) {
    const Key& key = *find(direction_shape, numbers[at].key);
    const auto value = fallback(key);
    if (!value) continue;
    const Written by{std::string(key.fallback), std::string(by_default)};
    if (!draft.up[at]) {
      numbers[at].set(draft.plan.model.up, *value);
      draft.up[at] = by;
    }
    if (!draft.down[at]) {
      numbers[at].set(draft.plan.model.down, *value);
      draft.down[at] = by;
    }
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
  add("outages between", draft.between);
  add("outages length", draft.length);
  return all;
}

}  // namespace

Written written(const Node& node, std::string_view link_source) {
  if (node.kind != Node::Kind::map) return {node.text, std::string(link_source)};
  const Node* value = find(node, "value");
  const Node* source = find(node, "source");
  return {value != nullptr ? value->text : "", source != nullptr ? source->text : ""};
}

void apply(const Fields& fields, std::string_view link_source, LinkDraft& draft) {
  apply_numbers(fields, link_source, draft.plan.model.up, draft.up);
  apply_numbers(fields, link_source, draft.plan.model.down, draft.down);
  apply_numbers(fields.map("up"), link_source, draft.plan.model.up, draft.up);
  apply_numbers(fields.map("down"), link_source, draft.plan.model.down, draft.down);
  if (const Node* none = fields.find("outages");
      none != nullptr && none->kind == Node::Kind::scalar) {
    draft.plan.outages.reset();
    draft.between.reset();
    draft.length.reset();
  }
  const Fields outages = fields.map("outages");
  const Node* between = outages.find("between");
  const Node* length = outages.find("length");
  if (between == nullptr || length == nullptr) return;
  draft.plan.outages = {outages.duration("between"), outages.duration("length")};
  draft.between = written(*between, link_source);
  draft.length = written(*length, link_source);
}

void require_rate_and_delay(const LinkDraft& draft, const Node& place, Problems& problems) {
  for (std::size_t at = 0; at < 2; ++at) {
    const std::string key(numbers[at].key);
    if (!draft.up[at] && !draft.down[at])
      problems.push_back(
          {place.line, place.column, "a link needs a `profile`, or the key " + quoted(key)});
    else if (!draft.up[at] || !draft.down[at])
      problems.push_back({place.line, place.column,
                          "the link has no " + quoted(key) + " in the direction " +
                              (draft.up[at] ? "`down`" : "`up`")});
  }
}

LinkPlan finish(LinkDraft draft) {
  fill(draft);
  draft.plan.sources = sources(draft);
  return std::move(draft.plan);
}

LinkDraft draft_of(const LinkPlan& profile) {
  LinkDraft draft;
  draft.plan = profile;
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
  draft.between = take("outages between");
  draft.length = take("outages length");
  return draft;
}

}  // namespace mq::scenario
