#include "conformance/checks/topics.h"

#include <algorithm>

#include "protocol/topic.h"

namespace mq::checks {
namespace {

bool has_wildcard(std::string_view filter) {
  return filter.find_first_of("+#") != std::string_view::npos;
}

}  // namespace

TopicId Topics::topic(std::string_view name) {
  if (const auto found = topic_by_name_.find(name); found != topic_by_name_.end())
    return found->second;
  const auto id = TopicId{static_cast<std::uint32_t>(topics_.size())};
  topic_by_name_.emplace(name, id);
  Topic topic{std::string(name), {}};
  if (const auto plain = plain_filters_.find(name); plain != plain_filters_.end())
    topic.filters = plain->second;
  std::vector<std::string_view> levels;
  Levels walk(name);
  while (const auto level = walk.next()) levels.push_back(*level);
  collect(0, levels, 0, topic.filters);
  std::sort(topic.filters.begin(), topic.filters.end());
  for (const FilterId filter : topic.filters) filters_[index(filter)].topics.push_back(id);
  topics_.push_back(std::move(topic));
  return id;
}

FilterId Topics::filter(std::string_view text) {
  if (const auto found = filter_by_text_.find(text); found != filter_by_text_.end())
    return found->second;
  const auto id = FilterId{static_cast<std::uint32_t>(filters_.size())};
  filter_by_text_.emplace(text, id);
  if (mq::topic_filter_breaks(text)) {  // asked for by a faulty client: matches nothing
    filters_.push_back({std::string(text), {}, false, {}});
    return id;
  }
  const auto share = mq::shared(text);
  Filter filter{
      std::string(text), std::string(share ? share->filter : text), share.has_value(), {}};
  if (has_wildcard(filter.inner)) {
    for (std::uint32_t i = 0; i < topics_.size(); ++i)
      if (mq::matches(filter.inner, topics_[i].name)) filter.topics.push_back(TopicId{i});
  } else {
    plain_filters_[filter.inner].push_back(id);
    if (const auto same = topic_by_name_.find(filter.inner); same != topic_by_name_.end())
      filter.topics.push_back(same->second);
  }
  for (const TopicId topic : filter.topics) topics_[index(topic)].filters.push_back(id);
  const bool wild = has_wildcard(filter.inner);
  filters_.push_back(std::move(filter));
  if (wild) insert_wildcard(id);
  return id;
}

bool Topics::matches(FilterId filter, TopicId topic) const {
  const auto& filters = filters_of(topic);
  return std::binary_search(filters.begin(), filters.end(), filter);
}

void Topics::insert_wildcard(FilterId filter) {
  std::size_t node = 0;
  Levels walk(filters_[index(filter)].inner);
  while (const auto level = walk.next()) {
    const auto child = nodes_[node].children.find(*level);
    if (child != nodes_[node].children.end()) {
      node = child->second;
      continue;
    }
    const std::size_t made = nodes_.size();
    nodes_[node].children.emplace(*level, made);
    nodes_.emplace_back();
    node = made;
  }
  nodes_[node].filters.push_back(filter);
}

void Topics::collect(std::size_t node, const std::vector<std::string_view>& levels,
                     std::size_t depth, std::vector<FilterId>& found) const {
  const auto& children = nodes_[node].children;
  // A wildcard in first place does not stand for a level that begins with `$`.
  const bool wild = depth > 0 || levels[0].empty() || levels[0][0] != '$';
  const auto take = [&](std::size_t from) {
    const auto& ends = nodes_[from].filters;
    found.insert(found.end(), ends.begin(), ends.end());
  };
  if (wild)
    if (const auto rest = children.find("#"); rest != children.end()) take(rest->second);
  if (depth == levels.size()) {
    take(node);
    return;
  }
  if (wild)
    if (const auto one = children.find("+"); one != children.end())
      collect(one->second, levels, depth + 1, found);
  const auto same = children.find(levels[depth]);
  if (same != children.end() && levels[depth] != "+" && levels[depth] != "#")
    collect(same->second, levels, depth + 1, found);
}

}  // namespace mq::checks
