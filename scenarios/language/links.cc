#include "scenarios/language/links.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ensure.h"
#include "scenarios/language/embedded_profiles.h"
#include "scenarios/language/grammar.h"
#include "scenarios/language/walk.h"

namespace mq::scenario {
namespace {

constexpr std::string_view written_here = "the scenario";
constexpr std::string_view by_default = "default";

struct Written {
  std::string value;
  std::string source;
  bool operator==(const Written&) const = default;
};

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

// A link in the making. Where each number comes from is kept per direction, in the order of
// `numbers`.
struct Draft {
  LinkPlan plan;
  std::array<std::optional<Written>, numbers.size()> up, down;
  std::optional<Written> tcp, between, length;
};

// As the file has it, with the source beside it, or that of the whole link.
Written written(const Node& node, std::string_view link_source) {
  if (node.kind != Node::Kind::map) return {node.text, std::string(link_source)};
  const Node* value = find(node, "value");
  const Node* source = find(node, "source");
  return {value != nullptr ? value->text : "", source != nullptr ? source->text : ""};
}

void apply_numbers(const Fields& fields, std::string_view link_source, sim::LinkDirection& model,
                   std::array<std::optional<Written>, numbers.size()>& sources) {
  for (std::size_t at = 0; at < numbers.size(); ++at) {
    const Node* node = fields.find(numbers[at].key);
    if (node == nullptr) continue;
    numbers[at].set(model, fields.value(numbers[at].key));
    sources[at] = written(*node, link_source);
  }
}

sim::TcpPreset tcp_preset(std::string_view word) {
  if (word == "lwip") return sim::TcpPreset::lwip;
  return word == "ns3-default" ? sim::TcpPreset::ns3_default : sim::TcpPreset::linux_;
}

// What `fields` says replaces what the draft holds.
void apply(const Fields& fields, std::string_view link_source, Draft& draft) {
  apply_numbers(fields, link_source, draft.plan.model.up, draft.up);
  apply_numbers(fields, link_source, draft.plan.model.down, draft.down);
  apply_numbers(fields.map("up"), link_source, draft.plan.model.up, draft.up);
  apply_numbers(fields.map("down"), link_source, draft.plan.model.down, draft.down);
  const Fields outages = fields.map("outages");
  const Node* between = outages.find("between");
  const Node* length = outages.find("length");
  if (between == nullptr || length == nullptr) return;
  draft.plan.outages = {outages.duration("between"), outages.duration("length")};
  draft.between = written(*between, link_source);
  draft.length = written(*length, link_source);
}

// Gives every number that nobody wrote its default.
void fill(Draft& draft) {
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

std::vector<Source> sources(const Draft& draft) {
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

LinkPlan finish(Draft draft) {
  fill(draft);
  draft.plan.sources = sources(draft);
  return std::move(draft.plan);
}

Draft draft_of(const LinkPlan& profile) {
  Draft draft;
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

// Rate and delay have no default: a link without them would be a guess.
void require_rate_and_delay(const Draft& draft, const Node& place, Problems& problems) {
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

const Profile* read_profile(const Fields& link, Problems& problems) {
  const Node* node = link.find("profile");
  const auto name = link.maybe("profile");
  if (node == nullptr || !name) return nullptr;
  const Profile* found = find_profile(name->text);
  if (found != nullptr) return found;
  std::vector<std::string_view> names;
  for (const Profile& known : profiles()) names.push_back(known.name);
  const std::string guess = suggestion(name->text, names);
  problems.push_back({node->line, node->column,
                      "there is no profile " + quoted(name->text) +
                          (guess.empty() ? "; `mqttlab list profiles` shows them" : guess)});
  return nullptr;
}

LinkPlan read_link(const Entry& entry, Problems& problems) {
  const Fields fields(&entry.value, link_shape);
  Draft draft;
  const Profile* profile = read_profile(fields, problems);
  if (profile != nullptr) {
    draft = draft_of(profile->link);
    draft.plan.profile = profile->name;
  }
  const std::string source = fields.text("source");
  const std::string link_source = source.empty() ? std::string(written_here) : source;
  apply(fields, link_source, draft);
  if (const Node* tcp = fields.find("tcp")) {
    draft.plan.model.tcp = tcp_preset(fields.text("tcp"));
    draft.tcp = written(*tcp, link_source);
  }
  if (entry.value.kind == Node::Kind::map && !fields.has("profile"))
    require_rate_and_delay(draft, entry.value, problems);
  draft.plan.name = entry.key.text;
  return finish(std::move(draft));
}

// No number of a profile may do without a source.
void require_sources(const Node& node, Problems& problems) {
  const auto each = [&](const Node& map) {
    for (const Entry& entry : map.entries) {
      const Key* key = find(link_shape, entry.key.text);
      if (key == nullptr) key = find(outages_shape, entry.key.text);
      if (key != nullptr && key->shape->is == Is::sourced && entry.value.kind != Node::Kind::map)
        problems.push_back({entry.value.line, entry.value.column,
                            quoted(entry.key.text) + " of a profile needs a source"});
    }
  };
  each(node);
  for (const Entry& entry : node.entries)
    if (entry.value.kind == Node::Kind::map) each(entry.value);
}

std::vector<Profile> parse_all() {
  std::vector<Profile> all;
  for (const std::string_view text : embedded_profiles()) {
    auto parsed = parse_profile(text);
    ensure(std::holds_alternative<Profile>(parsed), "the built-in profiles are legal");
    all.push_back(std::get<Profile>(std::move(parsed)));
  }
  std::sort(all.begin(), all.end(),
            [](const Profile& a, const Profile& b) { return a.name < b.name; });
  return all;
}

}  // namespace

std::variant<Profile, Problems> parse_profile(std::string_view text) {
  Problems problems;
  const Document document = read_document(text, problems);
  if (!document.is_whole) return problems;
  check(document.root, profile_file_shape, "the file", problems);
  if (!problems.empty()) return problems;
  require_sources(document.root, problems);
  const Fields fields(&document.root, profile_file_shape);
  Draft draft;
  apply(fields, "", draft);
  require_rate_and_delay(draft, document.root, problems);
  if (!problems.empty()) return problems;
  draft.plan.name = fields.text("name");
  std::string name = draft.plan.name;
  return Profile{std::move(name), fields.text("description"), finish(std::move(draft)), text};
}

const std::vector<Profile>& profiles() {
  static const std::vector<Profile> all = parse_all();
  return all;
}

const Profile* find_profile(std::string_view name) {
  for (const Profile& profile : profiles())
    if (profile.name == name) return &profile;
  return nullptr;
}

std::vector<LinkPlan> read_links(const Node* node, Problems& problems) {
  std::vector<LinkPlan> links;
  if (node == nullptr || node->kind != Node::Kind::map) return links;
  for (const Entry& entry : node->entries) links.push_back(read_link(entry, problems));
  return links;
}

}  // namespace mq::scenario
