#include "broker/core/subscriptions.h"

#include <algorithm>
#include <array>

#include "base/ensure.h"
#include "broker/core/session.h"
#include "protocol/topic.h"

namespace mq::broker {

namespace {

// Beyond either, the memory of matches starts anew: a bound on bytes, not a tuned number.
constexpr std::size_t remembered_topics_max = 16'384;
constexpr std::size_t remembered_receivers_max = 262'144;

bool has_wildcard(std::string_view filter) {
  return filter.find_first_of("+#") != std::string_view::npos;
}

}  // namespace

Subscriptions::Subscriptions() { nodes_.emplace_back(); }

std::uint32_t Subscriptions::intern(std::string_view level) {
  auto at = levels_.find(level);
  if (at == levels_.end()) {
    std::uint32_t id;
    if (free_levels_.empty()) {
      id = static_cast<std::uint32_t>(level_names_.size());
      level_names_.push_back(nullptr);
    } else {
      id = free_levels_.back();
      free_levels_.pop_back();
    }
    at = levels_.emplace(std::string(level), Level{id, 0}).first;
    level_names_[id] = &at->first;
  }
  ++at->second.users;
  return at->second.id;
}

void Subscriptions::release(std::uint32_t level) {
  auto at = levels_.find(*level_names_[level]);
  if (--at->second.users > 0) return;
  level_names_[level] = nullptr;
  free_levels_.push_back(level);
  levels_.erase(at);
}

std::uint32_t Subscriptions::make_node(std::uint32_t parent, std::uint32_t level) {
  std::uint32_t made;
  if (free_nodes_.empty()) {
    made = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
  } else {
    made = free_nodes_.back();
    free_nodes_.pop_back();
  }
  nodes_[made].parent = parent;
  nodes_[made].level = level;
  ++nodes_[parent].children;
  return made;
}

std::uint32_t Subscriptions::child(std::uint32_t node, std::string_view level) {
  if (level == "+" || level == "#") {
    const auto which = level == "+" ? &Node::plus : &Node::hash;
    if (nodes_[node].*which == none) {
      const std::uint32_t made = make_node(node, none);
      nodes_[node].*which = made;
    }
    return nodes_[node].*which;
  }
  if (auto at = levels_.find(level); at != levels_.end()) {
    auto found = edges_.find(edge(node, at->second.id));
    if (found != edges_.end()) return found->second;
  }
  const std::uint32_t id = intern(level);
  const std::uint32_t made = make_node(node, id);
  edges_.emplace(edge(node, id), made);
  return made;
}

// Takes out the node if nothing hangs there, and then its parents for the same reason.
void Subscriptions::prune(std::uint32_t node) {
  while (node != 0) {
    Node& here = nodes_[node];
    if (here.children > 0 || !here.subscribers.empty() || !here.groups.empty()) return;
    Node& parent = nodes_[here.parent];
    const std::uint32_t up = here.parent;
    if (parent.plus == node) {
      parent.plus = none;
    } else if (parent.hash == node) {
      parent.hash = none;
    } else {
      edges_.erase(edge(up, here.level));
      release(here.level);
    }
    --parent.children;
    here = Node{};
    free_nodes_.push_back(node);
    node = up;
  }
}

ShareGroup& Subscriptions::group_at(Node& node, std::string_view name, std::string_view filter) {
  for (auto& has : node.groups)
    if (has->name == name) return *has;
  node.groups.push_back(std::make_unique<ShareGroup>());
  ShareGroup& made = *node.groups.back();
  made.name = name;
  made.filter = filter;
  made.number = ++last_group_;
  groups_.emplace(made.number, &made);
  return made;
}

void Subscriptions::add(Subscription& subscription) {
  const auto share = shared(subscription.entry.filter);
  std::uint32_t at = 0;
  Levels levels(share ? share->filter : std::string_view(subscription.entry.filter));
  while (auto level = levels.next()) at = child(at, *level);
  Node& node = nodes_[at];
  subscription.node = at;
  subscription.group = share ? &group_at(node, share->group, subscription.entry.filter) : nullptr;
  auto& list = share ? subscription.group->members : node.subscribers;
  subscription.index = static_cast<std::uint32_t>(list.size());
  list.push_back(&subscription);
  ++size_;
  if (subscription.is_shared()) ++shared_;
  forget(subscription);
}

void Subscriptions::remove(Subscription& subscription) {
  forget(subscription);
  Node& node = nodes_[subscription.node];
  auto& list = subscription.is_shared() ? subscription.group->members : node.subscribers;
  ensure(subscription.index < list.size() && list[subscription.index] == &subscription,
         "the tree knows the subscription");
  list[subscription.index] = list.back();
  list[subscription.index]->index = subscription.index;
  list.pop_back();
  if (subscription.is_shared()) --shared_;
  if (subscription.is_shared() && list.empty()) {
    groups_.erase(subscription.group->number);
    std::erase_if(node.groups, [&](auto& has) { return has.get() == subscription.group; });
  }
  subscription.group = nullptr;
  --size_;
  prune(subscription.node);
}

// A filter without wildcards is asked for by one topic only; anything else outdates everything.
void Subscriptions::forget(const Subscription& subscription) {
  const auto share = shared(subscription.entry.filter);
  const std::string_view filter =
      share ? share->filter : std::string_view(subscription.entry.filter);
  if (has_wildcard(filter)) {
    ++generation_;
  } else if (auto at = remembered_.find(filter); at != remembered_.end()) {
    remembered_receivers_ -= at->second.matches.receivers.size();
    remembered_.erase(at);
  }
}

// One walk down the tree for one topic.
struct Subscriptions::Walk {
  const Subscriptions& tree;
  std::vector<std::uint32_t> levels;  // of the topic; none where no filter has such a level
  bool dollar = false;                // wildcards at the first level do not match
  std::vector<const Subscription*> found;
  std::vector<ShareGroup*> groups;

  void take(std::uint32_t at) {
    const Node& node = tree.nodes_[at];
    found.insert(found.end(), node.subscribers.begin(), node.subscribers.end());
    for (const auto& group : node.groups) groups.push_back(group.get());
  }

  void visit(std::uint32_t at, std::size_t depth) {
    const Node& node = tree.nodes_[at];
    const bool wildcards = !(dollar && depth == 0);
    if (wildcards && node.hash != none) take(node.hash);
    if (depth == levels.size()) return take(at);
    if (levels[depth] != none) {
      auto next = tree.edges_.find(edge(at, levels[depth]));
      if (next != tree.edges_.end()) visit(next->second, depth + 1);
    }
    if (wildcards && node.plus != none) visit(node.plus, depth + 1);
  }
};

void Subscriptions::collect(std::string_view topic, Matches& matches) {
  Walk walk{*this, {}, topic.starts_with('$'), {}, {}};
  Levels levels(topic);
  while (auto level = levels.next()) {
    auto at = levels_.find(*level);
    walk.levels.push_back(at == levels_.end() ? none : at->second.id);
  }
  walk.visit(0, 0);
  std::stable_sort(walk.found.begin(), walk.found.end(),
                   [](auto* a, auto* b) { return a->session_number < b->session_number; });
  matches.receivers.clear();
  for (const Subscription* subscription : walk.found) {
    if (matches.receivers.empty() || matches.receivers.back().session != subscription->session)
      matches.receivers.emplace_back().session = subscription->session;
    Receiver& receiver = matches.receivers.back();
    const SubscriptionOptions& options = subscription->entry.options;
    receiver.qos = std::max(receiver.qos, options.qos);
    receiver.retain_as_published |= options.retain_as_published;
    receiver.no_local |= options.no_local;
    if (subscription->identifier) receiver.identifiers.push_back(*subscription->identifier);
  }
  matches.groups = std::move(walk.groups);
}

const Matches& Subscriptions::find(std::string_view topic) {
  auto at = remembered_.find(topic);
  if (at != remembered_.end() && at->second.generation == generation_) return at->second.matches;
  if (at == remembered_.end()) {
    if (remembered_.size() >= remembered_topics_max ||
        remembered_receivers_ >= remembered_receivers_max) {
      remembered_.clear();
      remembered_receivers_ = 0;
    }
    at = remembered_.emplace(std::string(topic), Remembered{}).first;
  }
  Remembered& entry = at->second;
  remembered_receivers_ -= entry.matches.receivers.size();
  collect(topic, entry.matches);
  remembered_receivers_ += entry.matches.receivers.size();
  entry.generation = generation_;
  return entry.matches;
}

std::optional<Receiver> Subscriptions::without_no_local(const Session& session,
                                                        std::string_view topic) {
  std::optional<Receiver> receiver;
  for (const auto& subscription : session.subscriptions) {
    const SubscriptionOptions& options = subscription->entry.options;
    if (options.no_local || subscription->is_shared() ||
        !matches(subscription->entry.filter, topic))
      continue;
    if (!receiver) receiver.emplace().session = subscription->session;
    receiver->qos = std::max(receiver->qos, options.qos);
    receiver->retain_as_published |= options.retain_as_published;
    if (subscription->identifier) receiver->identifiers.push_back(*subscription->identifier);
  }
  return receiver;
}

}  // namespace mq::broker
