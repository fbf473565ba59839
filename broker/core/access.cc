#include "broker/core/access.h"

#include <algorithm>
#include <utility>

#include "protocol/topic.h"

namespace mq::broker {

namespace {

bool is_wildcard(std::string_view level) { return level == "+" || level == "#"; }

bool is_one_level(std::string_view name) {
  return name.find_first_of("+#/") == std::string_view::npos;
}

// `pattern` with its placeholders filled in, one character after the other, without a copy.
class Filled {
 public:
  Filled(std::string_view pattern, const Who& who) : rest_(pattern), who_(who) { open(); }

  bool at_end() const { return value_.empty() && rest_.empty(); }
  bool is_literal() const { return !value_.empty(); }
  char front() const { return value_.empty() ? rest_.front() : value_.front(); }
  void pop() {
    (value_.empty() ? rest_ : value_).remove_prefix(1);
    open();
  }
  bool is_wildcard(char c) const { return !is_literal() && !rest_.empty() && rest_.front() == c; }
  std::string_view unfilled() const { return value_.empty() ? rest_ : std::string_view{}; }

 private:
  void open() {
    while (value_.empty() && (rest_.starts_with("%u") || rest_.starts_with("%c"))) {
      value_ = rest_[1] == 'u' ? who_.user : who_.client_id;
      rest_.remove_prefix(2);
    }
  }

  std::string_view rest_;
  std::string_view value_;  // of the placeholder in front of rest_
  const Who& who_;
};

bool matches_filled(std::string_view pattern, const Who& who, std::string_view topic) {
  Filled filter(pattern, who);
  if (topic.front() == '$' && (filter.is_wildcard('#') || filter.is_wildcard('+'))) return false;
  std::size_t at = 0;
  while (!filter.at_end()) {
    if (filter.is_wildcard('#')) return true;
    if (filter.is_wildcard('+')) {
      while (at < topic.size() && topic[at] != '/') ++at;
      filter.pop();
    } else if (at < topic.size() && filter.front() == topic[at]) {
      filter.pop();
      ++at;
    } else {
      return at == topic.size() && filter.unfilled() == "/#";
    }
  }
  return at == topic.size();
}

std::string filled(std::string_view pattern, const Who& who) {
  std::string text;
  for (Filled filter(pattern, who); !filter.at_end(); filter.pop()) text += filter.front();
  return text;
}

bool is_hidden(std::string_view level, bool at_root) { return at_root && level.starts_with('$'); }

// Whether all topics that `filter` matches are matched by `wide` too. A few forms that only look
// different ("+/#" and "#") count as not.
bool covers(std::string_view wide, std::string_view filter) {
  Levels ours(wide);
  Levels theirs(filter);
  for (bool at_root = true;; at_root = false) {
    const auto a = ours.next();
    const auto b = theirs.next();
    if (a == "#") return !(b && is_hidden(*b, at_root));
    if (!a || !b) return !a && !b;
    if (b == "#") return false;
    if (a == "+" ? is_hidden(*b, at_root) : a != b) return false;
  }
}

// Whether there can be a topic that both match.
bool overlap(std::string_view one, std::string_view other) {
  Levels ours(one);
  Levels theirs(other);
  for (bool at_root = true;; at_root = false) {
    const auto a = ours.next();
    const auto b = theirs.next();
    if (a && b && is_wildcard(*a) && is_hidden(*b, at_root)) return false;
    if (a && b && is_wildcard(*b) && is_hidden(*a, at_root)) return false;
    if (a == "#" || b == "#") return true;
    if (!a || !b) return !a && !b;
    if (a != "+" && b != "+" && a != b) return false;
  }
}

}  // namespace

void AccessRules::add(std::string_view user, Grant grant, std::string filter) {
  users_[std::string(user)].push_back({.grant = grant, .filter = std::move(filter)});
  ++size_;
}

void AccessRules::add_pattern(Grant grant, std::string filter) {
  const bool has_user = filter.find("%u") != std::string::npos;
  const bool has_client_id = filter.find("%c") != std::string::npos;
  patterns_.push_back({grant, has_user, has_client_id, std::move(filter)});
  ++size_;
}

const std::vector<AccessRules::Entry>* AccessRules::rules_of(std::string_view user) const {
  const auto at = users_.find(user);
  return at == users_.end() ? nullptr : &at->second;
}

// A name that would make a grant reach further than its pattern says gets nothing from it. For a
// denial it is text like any other.
bool AccessRules::applies(const Entry& entry, const Who& who) {
  if (entry.has_user && who.user.empty()) return false;
  if (entry.grant == Grant::deny) return true;
  return (!entry.has_user || is_one_level(who.user)) &&
         (!entry.has_client_id || is_one_level(who.client_id));
}

bool AccessRules::may(Grant wanted, const Who& who, std::string_view topic) const {
  if (topic.empty()) return false;
  bool granted = false;
  const auto look_at = [&](const Entry& entry, bool match) {
    if (!match) return true;
    if (entry.grant == Grant::deny) return false;
    granted |= (static_cast<int>(entry.grant) & static_cast<int>(wanted)) != 0;
    return true;
  };
  if (const auto* rules = rules_of(who.user))
    for (const Entry& entry : *rules)
      if (!look_at(entry, matches(entry.filter, topic))) return false;
  for (const Entry& entry : patterns_)
    if (!look_at(entry, applies(entry, who) && matches_filled(entry.filter, who, topic)))
      return false;
  return granted;
}

AccessRules::Part AccessRules::may_subscribe(const Who& who, std::string_view filter) const {
  if (const auto parts = shared(filter)) filter = parts->filter;
  bool some = false;
  bool all = false;
  bool some_denied = false;
  bool all_denied = false;
  const auto look_at = [&](Grant grant, std::string_view ruled) {
    const bool reads = (static_cast<int>(grant) & static_cast<int>(Grant::read)) != 0;
    if (!reads && grant != Grant::deny) return;
    (reads ? some : some_denied) |= overlap(ruled, filter);
    (reads ? all : all_denied) |= covers(ruled, filter);
  };
  if (const auto* rules = rules_of(who.user))
    for (const Entry& entry : *rules) look_at(entry.grant, entry.filter);
  for (const Entry& entry : patterns_) {
    if (!applies(entry, who)) continue;
    // No topic has such a character, so a denial of it is one of nothing.
    const bool is_void =
        (entry.has_user && who.user.find_first_of("+#") != std::string_view::npos) ||
        (entry.has_client_id && who.client_id.find_first_of("+#") != std::string_view::npos);
    if (!is_void) look_at(entry.grant, filled(entry.filter, who));
  }
  if (!some || all_denied) return Part::nothing;
  return all && !some_denied ? Part::all : Part::some;
}

const AccessRules* AccessPolicy::rules_for(bool has_rules, std::string_view name) const {
  static const AccessRules nothing_is_allowed;
  if (!has_rules) return nullptr;
  if (rule_sets.empty()) return rules ? &*rules : nullptr;
  // Not said, because it was before there were several: the only ones.
  if (name.empty() && rule_sets.size() == 1) return &rule_sets.begin()->second;
  const auto at = rule_sets.find(name);
  return at == rule_sets.end() ? &nothing_is_allowed : &at->second;
}

const std::vector<std::string>& AccessPolicy::methods_of(const Origin& origin) const {
  static const std::vector<std::string> none;
  if (realms.empty()) return methods;
  const auto at = realms.find(origin.realm);
  return at == realms.end() ? none : at->second;
}

}  // namespace mq::broker
