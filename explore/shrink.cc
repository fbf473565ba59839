#include "explore/shrink.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>

#include "explore/emit.h"
#include "scenarios/language/parse.h"
#include "scenarios/language/units.h"

namespace mq::explore {
namespace {

using namespace std::chrono_literals;
using scenario::Entry;
using scenario::Node;

Node* child(Node& map, std::string_view key) {
  for (Entry& entry : map.entries)
    if (entry.key.text == key) return &entry.value;
  return nullptr;
}

// Faults that aim at what is no longer there would be refused.
void forget(Node& root, const std::string& name) {
  Node* faults = child(root, "faults");
  if (faults == nullptr) return;
  std::erase_if(faults->items, [&](const Node& fault) {
    return std::any_of(fault.entries.begin(), fault.entries.end(), [&](const Entry& entry) {
      return entry.value.kind == Node::Kind::scalar && entry.value.text == name;
    });
  });
  if (faults->items.empty())
    std::erase_if(root.entries, [](const Entry& entry) { return entry.key.text == "faults"; });
}

// A link that is gone: its devices are on the ideal one.
void unlink(Node& root, const std::string& name) {
  Node* fleet = child(root, "fleet");
  if (fleet == nullptr) return;
  for (Entry& group : fleet->entries)
    std::erase_if(group.value.entries, [&](const Entry& entry) {
      return entry.key.text == "link" && entry.value.text == name;
    });
}

using Path = std::vector<std::size_t>;  // positions of items or entries, from the root

Node& at(Node& root, const Path& path) {
  Node* node = &root;
  for (const std::size_t i : path)
    node = node->kind == Node::Kind::list ? &node->items[i] : &node->entries[i].value;
  return *node;
}

void visit(const Node& node, Path& path, const std::function<void(const Node&, const Path&)>& see) {
  see(node, path);
  const std::size_t below = node.kind == Node::Kind::list ? node.items.size() : node.entries.size();
  for (std::size_t i = 0; i < below; ++i) {
    path.push_back(i);
    visit(node.kind == Node::Kind::list ? node.items[i] : node.entries[i].value, path, see);
    path.pop_back();
  }
}

// Half of the faults at once: most of them have nothing to do with it.
void halve_faults(const Node& root, std::vector<Node>& steps) {
  const Node* faults = scenario::find(root, "faults");
  if (faults == nullptr || faults->items.size() < 2) return;
  const auto half = static_cast<std::ptrdiff_t>(faults->items.size() / 2);
  for (const bool first : {true, false}) {
    Node step = root;
    auto& items = child(step, "faults")->items;
    if (first)
      items.erase(items.begin(), items.begin() + half);
    else
      items.erase(items.begin() + half, items.end());
    steps.push_back(std::move(step));
  }
}

// With another broker, or in another world, it would be another proof.
bool says_where(const Entry& entry) {
  return entry.key.text == "external" || entry.key.text == "world" ||
         (entry.key.text == "broker" && scenario::find(entry.value, "external") != nullptr);
}

// Without one item or entry, wherever it is. What may not be missing is refused by the parser.
void remove_one(const Node& root, std::vector<Node>& steps) {
  Path path;
  visit(root, path, [&](const Node& node, const Path& where) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      Node step = root;
      auto& items = at(step, where).items;
      items.erase(items.begin() + static_cast<std::ptrdiff_t>(i));
      steps.push_back(std::move(step));
    }
    for (std::size_t i = 0; i < node.entries.size(); ++i) {
      if (says_where(node.entries[i])) continue;
      Node step = root;
      auto& entries = at(step, where).entries;
      const std::string name = entries[i].key.text;
      entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
      if (where.size() == 1) {  // a link or a group
        forget(step, name);
        unlink(step, name);
      }
      steps.push_back(std::move(step));
    }
  });
}

void replace(const Node& root, const Path& where, const std::string& text,
             std::vector<Node>& steps) {
  Node step = root;
  at(step, where).text = text;
  steps.push_back(std::move(step));
}

// What one number may become: one device, whole seconds, half the time.
void simplify(const Node& root, const Path& where, const std::string& text,
              std::vector<Node>& steps) {
  if (const auto whole = scenario::parse_whole(text); whole && *whole > 1) {
    replace(root, where, "1", steps);
    if (*whole > 3) replace(root, where, std::to_string(*whole / 2), steps);
  } else if (const auto time = scenario::parse_duration(text); time && *time > 0s) {
    const auto in_seconds = [](Duration duration) {
      return scenario::to_text(std::chrono::floor<std::chrono::seconds>(duration));
    };
    if (*time >= 2s) replace(root, where, in_seconds(*time / 2), steps);
    if (*time > 1s && *time % 1s != 0s) replace(root, where, in_seconds(*time), steps);
  } else if (const auto size = scenario::parse_size(text); size && *size > 16) {
    replace(root, where, "16B", steps);
  }
}

// Shorter and rounder numbers, but not of how often something is published: more of it may be more
// than a link carries, and that is another failure.
void simplify_one(const Node& root, std::vector<Node>& steps) {
  Path path;
  visit(root, path, [&](const Node& node, const Path& where) {
    for (std::size_t i = 0; i < node.entries.size(); ++i) {
      const Entry& entry = node.entries[i];
      if (entry.value.kind != Node::Kind::scalar || entry.value.is_quoted ||
          entry.key.text == "every")
        continue;
      Path there = where;
      there.push_back(i);
      simplify(root, there, entry.value.text, steps);
    }
  });
}

}  // namespace

Shrinker::Shrinker(Node failing) : smallest_(std::move(failing)) { propose(); }

void Shrinker::propose() {
  steps_.clear();
  halve_faults(smallest_, steps_);
  remove_one(smallest_, steps_);
  simplify_one(smallest_, steps_);
}

std::optional<std::string> Shrinker::next() {
  while (unchanged_ < steps_.size()) {
    if (tried_ >= steps_.size()) tried_ = 0;
    std::string text = emit(steps_[tried_]);
    if (std::holds_alternative<scenario::Plan>(scenario::parse(text, "shrinking.yaml")))
      return text;
    ++tried_;
    ++unchanged_;
  }
  return std::nullopt;
}

void Shrinker::told(bool fails) {
  if (!fails) {
    ++tried_;
    ++unchanged_;
    return;
  }
  smallest_ = std::move(steps_[tried_]);
  unchanged_ = 0;
  propose();  // and go on from the same place: what did not help before it seldom does now
}

Smallest shrink(const std::string& failing, std::size_t plays_max,
                const std::function<std::optional<bool>(const std::string& text)>& fails) {
  scenario::Problems problems;
  Shrinker shrinker(scenario::read_document(failing, problems).root);
  Smallest smallest;
  while (smallest.plays < plays_max) {
    const auto candidate = shrinker.next();
    const auto still = candidate ? fails(*candidate) : std::nullopt;
    if (!still) break;
    ++smallest.plays;
    shrinker.told(*still);
  }
  smallest.text = emit(shrinker.smallest());
  return smallest;
}

}  // namespace mq::explore
