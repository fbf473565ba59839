#include "campaign/sweep.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "campaign/grammar.h"
#include "campaign/latin.h"
#include "campaign/parameter.h"
#include "scenarios/language/walk.h"

namespace mq::campaign {
namespace {

using scenario::Entry;
using scenario::Fields;
using scenario::in_quotes;
using scenario::Node;
using scenario::Problems;
using scenario::Shape;

class Reader {
 public:
  Reader(const Node& scenario, Problems& problems) : scenario_(scenario), problems_(problems) {}

  void add(const Node& node, std::string text) {
    problems_.push_back({node.line, node.column, std::move(text)});
  }

  // The shape of what a key of a grid, a row or the ranges names; nullptr if it names nothing.
  const Shape* named(const Node& key) {
    const auto found = parameter(scenario_, key.text);
    if (const auto* why = std::get_if<std::string>(&found)) {
      add(key, *why);
      return nullptr;
    }
    return std::get<const Shape*>(found);
  }

  // Each parameter may be swept once: two axes would fight over it.
  void claim(const Node& key) {
    for (const std::string& other : claimed_) {
      const bool same = other == key.text;
      if (same || other.starts_with(key.text + ".") || key.text.starts_with(other + "."))
        return add(key, same ? in_quotes(key.text) + " is swept twice"
                             : in_quotes(key.text) + " and " + in_quotes(other) +
                                   " are swept: one lies within the other");
    }
    claimed_.push_back(key.text);
  }

  Setting setting(const Node& key, const Shape& shape, const Node& value) {
    if (value.kind != Node::Kind::nothing)
      scenario::check(value, shape, in_quotes(key.text), problems_);
    return {key.text, value, text_of(value)};
  }

  std::vector<Axis> grid(const Node& node);
  std::vector<Axis> list(const Node& node);
  std::vector<Axis> latin(const Node& node);

 private:
  const Node& scenario_;
  Problems& problems_;
  std::vector<std::string> claimed_;
};

std::vector<Axis> Reader::grid(const Node& node) {
  std::vector<Axis> axes;
  if (node.kind != Node::Kind::map || node.entries.empty()) {
    add(node, "`grid`: expected parameters, each with a list of its values");
    return axes;
  }
  for (const Entry& entry : node.entries) {
    const Shape* shape = named(entry.key);
    if (shape == nullptr) continue;
    claim(entry.key);
    if (entry.value.kind != Node::Kind::list || entry.value.items.empty()) {
      add(entry.value, in_quotes(entry.key.text) + ": expected a list of values such as [1s, 10s]");
      continue;
    }
    if (entry.value.items.size() > levels_max) {
      add(entry.value,
          in_quotes(entry.key.text) + " has more than " + std::to_string(levels_max) + " values");
      continue;
    }
    Axis axis{Axis::Kind::grid, {entry.key.text}, {}};
    std::set<std::string> seen;
    for (const Node& value : entry.value.items) {
      axis.levels.push_back({{setting(entry.key, *shape, value)}});
      const std::string& text = axis.levels.back().settings.front().text;
      if (!seen.insert(text).second) add(value, "the value " + in_quotes(text) + " comes twice");
    }
    axes.push_back(std::move(axis));
  }
  return axes;
}

std::vector<Axis> Reader::list(const Node& node) {
  if (node.kind != Node::Kind::list || node.items.empty() || node.items.size() > levels_max) {
    add(node, "`list`: expected 1 to " + std::to_string(levels_max) +
                  " rows, each a mapping of parameters to values");
    return {};
  }
  Axis axis{Axis::Kind::list, {}, {}};
  std::set<std::string> seen;
  for (const Node& row : node.items) {
    if (row.kind != Node::Kind::map || row.entries.empty()) {
      add(row, "a row of `list`: expected a mapping of parameters to values");
      continue;
    }
    Level level;
    std::vector<std::string> paths;
    std::string text;
    for (const Entry& entry : row.entries) {
      const Shape* shape = named(entry.key);
      if (shape == nullptr) continue;
      if (&row == &node.items.front()) claim(entry.key);
      level.settings.push_back(setting(entry.key, *shape, entry.value));
      paths.push_back(entry.key.text);
    }
    const auto by_path = [](const Setting& a, const Setting& b) { return a.path < b.path; };
    std::sort(level.settings.begin(), level.settings.end(), by_path);
    std::sort(paths.begin(), paths.end());
    for (const Setting& one : level.settings) text += one.path + "=" + one.text + "\n";
    if (&row == &node.items.front())
      axis.paths = paths;
    else if (paths != axis.paths)
      add(row, "every row of `list` sets the same parameters as the first one");
    if (!seen.insert(text).second) add(row, "the same row comes twice");
    axis.levels.push_back(std::move(level));
  }
  return {std::move(axis)};
}

std::vector<Axis> Reader::latin(const Node& node) {
  if (node.kind != Node::Kind::map) {
    add(node, "`latin`: expected its `points` and `ranges`");
    return {};
  }
  Node form = node;
  for (Entry& entry : form.entries)
    if (entry.key.text == "ranges") entry.value.kind = Node::Kind::refused;
  const std::size_t before = problems_.size();
  scenario::check(form, latin_shape, "`latin`", problems_);
  const Node* ranges = scenario::find(node, "ranges");
  if (ranges == nullptr) return {};
  if (ranges->kind != Node::Kind::map || ranges->entries.empty()) {
    add(*ranges, "`ranges`: expected parameters, each with its `from` and `to`");
    return {};
  }
  std::vector<Range> all;
  for (const Entry& entry : ranges->entries) {
    const Shape* shape = named(entry.key);
    if (shape == nullptr) continue;
    claim(entry.key);
    if (auto range = read_range(entry.key.text, entry.value, scalar_of(*shape), problems_))
      all.push_back(std::move(*range));
  }
  if (problems_.size() > before) return {};
  const Fields fields(&node, latin_shape);
  return {hypercube(all, fields.whole("points"), fields.whole("seed"))};
}

}  // namespace

std::vector<Axis> read_axes(const Node& file, const Node& scenario, Problems& problems) {
  Reader reader(scenario, problems);
  std::vector<Axis> axes;
  const auto take = [&](std::vector<Axis> more) {
    axes.insert(axes.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
  };
  if (const Node* node = scenario::find(file, "grid")) take(reader.grid(*node));
  if (const Node* node = scenario::find(file, "list")) take(reader.list(*node));
  if (const Node* node = scenario::find(file, "latin")) take(reader.latin(*node));
  if (axes.size() > axes_max)
    problems.push_back({1, 1, "more than " + std::to_string(axes_max) + " swept parameters"});
  return axes;
}

}  // namespace mq::campaign
