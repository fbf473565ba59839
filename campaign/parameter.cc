#include "campaign/parameter.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "base/ensure.h"
#include "scenarios/language/grammar.h"
#include "scenarios/language/units.h"

namespace mq::campaign {
namespace {

using scenario::Entry;
using scenario::in_quotes;
using scenario::Is;
using scenario::Key;
using scenario::Node;
using scenario::Shape;

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> all;
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    all.push_back(path.substr(from, dot - from));
    from = dot + 1;
  }
  return all;
}

// What a campaign says in another way.
std::string instead_of(std::string_view path) {
  if (path == "seed") return "seeds are given by `seeds`";
  if (path == "world") return "a campaign has one `world`";
  if (path == "broker.external") return "brokers are given by `brokers`";
  if (path == "version" || path == "name" || path == "description")
    return in_quotes(path) + " changes nothing in a run";
  return {};
}

struct Below {
  const Shape* shape = nullptr;  // nullptr: see `why`
  const Node* node = nullptr;    // nullptr: the scenario leaves it out
  std::string why;
};

Below among(const std::vector<Key>& keys, const Node* node, std::string_view segment,
            const std::string& where) {
  std::vector<std::string_view> names;
  for (const Key& key : keys) {
    if (key.name == segment)
      return {key.shape, node == nullptr ? nullptr : scenario::find(*node, segment), {}};
    names.push_back(key.name);
  }
  std::string guess = scenario::suggestion(segment, names);
  if (guess.empty()) {
    guess = "; known: ";
    for (std::size_t i = 0; i < names.size(); ++i)
      guess += (i == 0 ? "" : ", ") + std::string(names[i]);
  }
  return {nullptr, nullptr, where + " has no key " + in_quotes(segment) + guess};
}

Below named(const Shape& shape, const Node* node, std::string_view segment,
            const std::string& where) {
  std::vector<std::string_view> names;
  if (node != nullptr)
    for (const Entry& entry : node->entries) names.push_back(entry.key.text);
  if (const Node* found = node == nullptr ? nullptr : scenario::find(*node, segment))
    return {shape.item, found, {}};
  return {nullptr, nullptr,
          "there is no " + in_quotes(segment) + " in " + where + " of the scenario" +
              scenario::suggestion(segment, names)};
}

Below entry_of(const Shape& shape, const Node* node, std::string_view segment,
               const std::string& where) {
  const auto index = scenario::parse_whole(segment);
  const std::size_t count = node == nullptr ? 0 : node->items.size();
  if (index && *index < count) return {shape.item, &node->items[*index], {}};
  return {nullptr, nullptr,
          where + " is a list with " + std::to_string(count) +
              " entries, counted from 0: there is no " + in_quotes(segment)};
}

Below below(const Shape& shape, const Node* node, std::string_view segment,
            const std::string& where) {
  const auto keys = [](std::span<const Key> some) {
    return std::vector<Key>(some.begin(), some.end());
  };
  const Node* map = node != nullptr && node->kind == Node::Kind::map ? node : nullptr;
  switch (shape.is) {
    case Is::map:
    case Is::drawn:
      return among(keys(shape.keys), map, segment, where);
    case Is::sourced:
      return among(keys(scenario::sourced_keys(*shape.item)), map, segment, where);
    case Is::named_map:
      return named(shape, map, segment, where);
    case Is::list:
    case Is::one_or_list:
      return entry_of(shape, node, segment, where);
    default:
      return {nullptr, nullptr, where + " is a value: nothing lies below it"};
  }
}

Node* child(Node& map, std::string_view key) {
  for (Entry& entry : map.entries)
    if (entry.key.text == key) return &entry.value;
  return nullptr;
}

}  // namespace

std::variant<const Shape*, std::string> parameter(const Node& scenario, std::string_view path) {
  if (std::string text = instead_of(path); !text.empty()) return text;
  Below at{&scenario::scenario_shape, &scenario, {}};
  std::string where = "a scenario";
  std::string so_far;
  for (const std::string_view segment : segments(path)) {
    at = below(*at.shape, at.node, segment, where);
    if (at.shape == nullptr) return std::move(at.why);
    so_far += (so_far.empty() ? "" : ".") + std::string(segment);
    where = in_quotes(so_far);
  }
  return at.shape;
}

void put(Node& scenario, std::string_view path, const Node& value) {
  Node* node = &scenario;
  const auto all = segments(path);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool last = i + 1 == all.size();
    if (node->kind == Node::Kind::list) {
      const auto index = scenario::parse_whole(all[i]);
      ensure(index && *index < node->items.size(), "the path of a parameter was checked");
      node = &node->items[*index];
      continue;
    }
    if (last && value.kind == Node::Kind::nothing) {
      std::erase_if(node->entries, [&](const Entry& entry) { return entry.key.text == all[i]; });
      return;
    }
    Node* next = child(*node, all[i]);
    if (next == nullptr) {
      if (node->kind != Node::Kind::map) *node = Node{.kind = Node::Kind::map};
      node->entries.push_back(
          {Node{.kind = Node::Kind::scalar, .text = std::string(all[i])}, Node{}});
      next = &node->entries.back().value;
    }
    node = next;
  }
  *node = value;
}

std::string text_of(const Node& value) {
  std::string inner;
  switch (value.kind) {
    case Node::Kind::list:
      for (const Node& item : value.items) inner += (inner.empty() ? "" : ", ") + text_of(item);
      return "[" + inner + "]";
    case Node::Kind::map:
      for (const Entry& entry : value.entries)
        inner += (inner.empty() ? "" : ", ") + entry.key.text + ": " + text_of(entry.value);
      return "{" + inner + "}";
    case Node::Kind::scalar:
      return value.is_quoted ? "\"" + value.text + "\"" : value.text;
    default:
      return "nothing";
  }
}

const Shape& scalar_of(const Shape& shape) {
  const Shape* at = &shape;
  while (at->is == Is::sourced || at->is == Is::drawn || at->is == Is::one_or_list) at = at->item;
  return *at;
}

}  // namespace mq::campaign
