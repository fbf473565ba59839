// Links and profiles: numbers from a profile, overridden one by one, each with its source.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/language/document.h"
#include "scenarios/plan.h"

namespace mq::scenario {

struct Profile {
  std::string name;
  std::string description;
  LinkPlan link;          // named as the profile
  std::string_view text;  // the file
};

// The built-in ones in the order of their names.
const std::vector<Profile>& profiles();
const Profile* find_profile(std::string_view name);

// `node` is `links` of the file or nullptr; it has been checked.
std::vector<LinkPlan> read_links(const Node* node, Problems& problems);

// The link that exists without being declared: a profile of that name.
inline constexpr std::string_view undeclared_link = "wired";

// A file of scenarios/profiles; every number must have a source.
std::variant<Profile, Problems> parse_profile(std::string_view text);

}  // namespace mq::scenario
