#include "protocol/topic.h"

#include <algorithm>

namespace mq {
namespace {

constexpr std::string_view share_prefix = "$share/";

bool is_wildcard(char c) { return c == '+' || c == '#'; }

bool wildcards_stand_alone(std::string_view filter) {
  const auto is_edge = [&](std::size_t at) { return at == filter.size() || filter[at] == '/'; };
  for (std::size_t at = 0; at < filter.size(); ++at) {
    if (!is_wildcard(filter[at])) continue;
    if (at != 0 && filter[at - 1] != '/') return false;
    if (filter[at] == '#' ? at + 1 != filter.size() : !is_edge(at + 1)) return false;
  }
  return true;
}

}  // namespace

std::optional<Rule> topic_name_breaks(std::string_view name) {
  if (name.empty()) return Rule::topic_name_has_a_character;
  if (std::any_of(name.begin(), name.end(), is_wildcard)) return Rule::topic_name_has_no_wildcard;
  return std::nullopt;
}

std::optional<Rule> plain_topic_filter_breaks(std::string_view filter) {
  if (filter.empty()) return Rule::topic_filter_has_a_character;
  if (!wildcards_stand_alone(filter)) return Rule::topic_filter_wildcards_stand_alone;
  return std::nullopt;
}

std::optional<Rule> topic_filter_breaks(std::string_view filter) {
  if (!filter.starts_with(share_prefix)) return plain_topic_filter_breaks(filter);
  const auto parts = shared(filter);
  if (!parts) return Rule::shared_subscription_is_well_formed;
  return plain_topic_filter_breaks(parts->filter);
}

std::optional<SharedFilter> shared(std::string_view filter) {
  if (!filter.starts_with(share_prefix)) return std::nullopt;
  const std::string_view rest = filter.substr(share_prefix.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == rest.size())
    return std::nullopt;
  const std::string_view group = rest.substr(0, slash);
  if (std::any_of(group.begin(), group.end(), is_wildcard)) return std::nullopt;
  return SharedFilter{group, rest.substr(slash + 1)};
}

bool matches(std::string_view filter, std::string_view name) {
  if (const auto parts = shared(filter)) filter = parts->filter;
  if (filter.empty() || name.empty()) return false;
  if (name.front() == '$' && is_wildcard(filter.front())) return false;
  // Both are walked once; a legal filter has a wildcard only as a whole level.
  std::size_t f = 0;
  std::size_t n = 0;
  while (f < filter.size()) {
    if (filter[f] == '#') return true;
    if (filter[f] == '+') {
      while (n < name.size() && name[n] != '/') ++n;
      ++f;
    } else if (n < name.size() && filter[f] == name[n]) {
      ++f;
      ++n;
    } else {
      // "a/#" also matches its parent "a".
      return n == name.size() && filter.substr(f) == "/#";
    }
  }
  return n == name.size();
}

std::optional<std::string_view> Levels::next() {
  if (done_) return std::nullopt;
  const std::size_t slash = rest_.find('/');
  const std::string_view level = rest_.substr(0, slash);
  if (slash == std::string_view::npos) {
    done_ = true;
  } else {
    rest_.remove_prefix(slash + 1);
  }
  return level;
}

}  // namespace mq
