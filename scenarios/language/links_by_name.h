// Which link a group means.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/language/links.h"
#include "scenarios/language/profiles.h"
#include "scenarios/plan.h"

namespace mq::scenario {

// The links of the file, and the undeclared one as soon as somebody wants it.
class LinksByName {
 public:
  explicit LinksByName(std::vector<LinkPlan>& links) : links_(links) {
    for (std::size_t at = 0; at < links.size(); ++at) by_name_.emplace(links[at].name, at);
  }

  std::optional<std::size_t> find(const std::string& name) {
    const auto found = by_name_.find(name);
    if (found != by_name_.end()) return found->second;
    if (name != undeclared_link) return std::nullopt;
    links_.push_back(find_profile(undeclared_link)->link);
    links_.back().profile = undeclared_link;
    return by_name_.emplace(name, links_.size() - 1).first->second;
  }

  std::vector<std::string_view> names() const {
    std::vector<std::string_view> all;
    for (const auto& [name, at] : by_name_) all.push_back(name);
    if (!by_name_.contains(std::string(undeclared_link))) all.push_back(undeclared_link);
    return all;
  }

 private:
  std::vector<LinkPlan>& links_;
  std::map<std::string, std::size_t> by_name_;
};

}  // namespace mq::scenario
