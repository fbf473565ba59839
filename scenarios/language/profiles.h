// The built-in profiles: links by name, every number with its source.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "scenarios/language/problem.h"
#include "scenarios/plan.h"

namespace mq::scenario {

struct Profile {
  std::string name;
  std::string description;
  LinkPlan link;          // named as the profile
  bool is_element;        // only parts such as `radio`, to be added to any profile
  std::string_view text;  // the file
};

// In the order of their names.
const std::vector<Profile>& profiles();
const Profile* find_profile(std::string_view name);

// A file of scenarios/profiles; a number without a source is a problem.
std::variant<Profile, Problems> parse_profile(std::string_view text);

}  // namespace mq::scenario
