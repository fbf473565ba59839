#include "scenarios/language/walk.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/ensure.h"
#include "scenarios/language/grammar.h"
#include "scenarios/language/limits.h"

namespace mq::scenario {
namespace {

void add(const Node& node, std::string text, Problems& problems) {
  problems.push_back({node.line, node.column, std::move(text)});
}

std::vector<std::string_view> names_of(const Shape& map) {
  std::vector<std::string_view> names;
  for (const Key& key : map.keys) names.push_back(key.name);
  return names;
}

std::string list_of(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

void check_one_of(const Node& node, const Shape& shape, Problems& problems) {
  if (shape.one_of_first == 0) return;
  const auto choices = shape.keys.first(shape.one_of_first);
  const auto is_there = [&](const Key& key) { return find(node, key.name) != nullptr; };
  if (std::count_if(choices.begin(), choices.end(), is_there) == 1) return;
  auto names = names_of(shape);
  names.resize(shape.one_of_first);
  add(node, std::string(shape.title) + " needs exactly one of these keys: " + list_of(names),
      problems);
}

void check_map(const Node& node, const Shape& shape, Problems& problems) {
  for (const Entry& entry : node.entries) {
    const Key* key = find(shape, entry.key.text);
    if (key != nullptr) {
      check(entry.value, *key->shape, in_quotes(key->name), problems);
      continue;
    }
    const auto names = names_of(shape);
    const std::string guess = suggestion(entry.key.text, names);
    add(entry.key,
        "unknown key " + in_quotes(entry.key.text) + " in " + std::string(shape.title) +
            (guess.empty() ? "; known: " + list_of(names) : guess),
        problems);
  }
  if (shape.takes_one_key && node.entries.size() != 1)
    return add(node, std::string(shape.title) + " has exactly one key", problems);
  for (const Key& key : shape.keys)
    if (key.is_required && find(node, key.name) == nullptr)
      add(node, std::string(shape.title) + " needs the key " + in_quotes(key.name), problems);
  check_one_of(node, shape, problems);
}

std::string too_many(const std::string& what, const Shape& shape) {
  return what + " has more than " + std::to_string(shape.entries_max) + " entries";
}

void check_named_map(const Node& node, const Shape& shape, const std::string& what,
                     Problems& problems) {
  constexpr Shape name{.is = Is::name};
  if (node.entries.empty()) add(node, what + " is empty", problems);
  if (node.entries.size() > shape.entries_max) return add(node, too_many(what, shape), problems);
  for (const Entry& entry : node.entries) {
    const auto read = read_value(entry.key, name);
    if (const auto* why = std::get_if<std::string>(&read)) add(entry.key, *why, problems);
    check(entry.value, *shape.item, in_quotes(entry.key.text), problems);
  }
}

void check_list(const Node& node, const Shape& shape, const std::string& what, Problems& problems) {
  if (node.items.empty()) add(node, what + " is empty", problems);
  if (!node.items.empty() && node.items.size() < shape.entries_min)
    add(node, what + " has fewer than " + std::to_string(shape.entries_min) + " entries", problems);
  if (node.items.size() > shape.entries_max) return add(node, too_many(what, shape), problems);
  for (const Node& item : node.items) check(item, *shape.item, "an entry of " + what, problems);
}

void check_sourced(const Node& node, const Shape& shape, const std::string& what,
                   Problems& problems) {
  if (node.kind != Node::Kind::map) return check(node, *shape.item, what, problems);
  const auto keys = sourced_keys(*shape.item);
  check_map(node, Shape{.is = Is::map, .title = "a value with its source", .keys = keys}, problems);
}

void check_drawn(const Node& node, const Shape& shape, const std::string& what,
                 Problems& problems) {
  if (node.kind != Node::Kind::map) return check(node, *shape.item, what, problems);
  check_map(node,
            Shape{.is = Is::map,
                  .title = "a value with its source",
                  .keys = shape.keys,
                  .one_of_first = shape.one_of_first},
            problems);
}

}  // namespace

void check(const Node& node, const Shape& shape, const std::string& what, Problems& problems) {
  if (node.kind == Node::Kind::refused) return;
  const auto wrong_kind = [&] {
    add(node, what + ": expected " + expected(shape) + ", found " + found(node), problems);
  };
  switch (shape.is) {
    case Is::map:
      if (node.kind == Node::Kind::map) return check_map(node, shape, problems);
      if (node.kind == Node::Kind::scalar && !shape.choices.empty()) break;
      return wrong_kind();
    case Is::named_map:
      return node.kind == Node::Kind::map ? check_named_map(node, shape, what, problems)
                                          : wrong_kind();
    case Is::list:
      return node.kind == Node::Kind::list ? check_list(node, shape, what, problems) : wrong_kind();
    case Is::one_or_list:
      return node.kind == Node::Kind::list ? check_list(node, shape, what, problems)
                                           : check(node, *shape.item, what, problems);
    case Is::sourced:
      return check_sourced(node, shape, what, problems);
    case Is::drawn:
      return check_drawn(node, shape, what, problems);
    default:
      break;
  }
  const auto read = read_value(node, shape);
  if (const auto* why = std::get_if<std::string>(&read)) add(node, what + ": " + *why, problems);
}

const Key& Fields::key(std::string_view name) const {
  const Key* key = scenario::find(*shape_, name);
  ensure(key != nullptr, "the table of the language has every key that is read");
  return *key;
}

const Node* Fields::find(std::string_view name) const {
  const Shape& shape = *key(name).shape;
  if (node_ == nullptr || node_->kind != Node::Kind::map) return nullptr;
  const Node* found = scenario::find(*node_, name);
  if (found == nullptr || found->kind == Node::Kind::refused) return nullptr;
  const std::size_t entries = found->entries.size() + found->items.size();
  return shape.entries_max != 0 && entries > shape.entries_max ? nullptr : found;
}

Fields Fields::map(std::string_view name) const {
  const Node* node = find(name);
  return {node != nullptr && node->kind == Node::Kind::map ? node : nullptr, *key(name).shape};
}

std::optional<Value> Fields::maybe(std::string_view name) const {
  const Shape* shape = key(name).shape;
  if (shape->is == Is::sourced || shape->is == Is::drawn) shape = shape->item;
  const Node* node = find(name);
  if (node != nullptr && node->kind == Node::Kind::map) node = scenario::find(*node, "value");
  if (node != nullptr) {
    auto read = read_value(*node, *shape);
    if (auto* value = std::get_if<Value>(&read)) return std::move(*value);
  }
  return fallback(key(name));
}

std::optional<Value> fallback(const Key& key) {
  if (key.fallback.empty()) return std::nullopt;
  const Shape& shape = *key.shape;
  const Shape& scalar = shape.item != nullptr ? *shape.item : shape;
  auto read =
      read_value(Node{.kind = Node::Kind::scalar, .text = std::string(key.fallback)}, scalar);
  ensure(std::holds_alternative<Value>(read), "the table's own defaults are legal");
  return std::get<Value>(std::move(read));
}

std::optional<Duration> Fields::maybe_duration(std::string_view name) const {
  const auto value = maybe(name);
  return value ? std::optional(value->duration) : std::nullopt;
}

}  // namespace mq::scenario
