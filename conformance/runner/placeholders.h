// Placeholders of the case language: `{t}`, `{A.client_id}`, `{A.receive_maximum+1}`. They are
// looked up while a case runs, so that a script can use what the peer said before.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "conformance/runner/case.h"

namespace mq::conformance {

// Why a case could not go on although nobody judged anything: the script or the runner is at fault.
struct ScriptFault {
  std::string text;
};

// What a name stands for: `t`, `A.client_id`. Nothing: it has no value (yet).
using LookUp = std::function<std::optional<std::string>(std::string_view name)>;

// The text with every placeholder replaced. `{{` is a brace.
std::variant<std::string, ScriptFault> expand(std::string_view text, const LookUp& look_up);

// The names that a script itself defines.
struct Names {
  std::set<std::string> links;
  std::set<std::string> captures;
};
Names names_in(const std::vector<Step>& steps);

struct PlaceholderFault {
  Place place;
  std::string text;
};
std::vector<PlaceholderFault> placeholder_faults(const std::vector<Step>& steps,
                                                 const Names& names);

// Decimal or 0x.., nothing else.
std::optional<std::uint64_t> number_in(std::string_view text);

}  // namespace mq::conformance
