#include "conformance/runner/case.h"

#include <algorithm>
#include <utility>

#include "scenarios/language/units.h"

namespace mq::conformance {
namespace {

Duration of(const std::vector<Step>& steps) {
  Duration sum{};
  for (const Step& step : steps) {
    if (step.lasting && !step.lasting->alternatives.empty())
      sum += scenario::parse_duration(step.lasting->alternatives[0].text).value_or(Duration{});
    if (step.not_before && !step.not_before->alternatives.empty())
      sum += scenario::parse_duration(step.not_before->alternatives[0].text).value_or(Duration{});
    Duration longest{};
    for (const Branch& branch : step.branches) longest = std::max(longest, of(branch.steps));
    sum += longest;
  }
  return sum;
}

}  // namespace

const char* name(CaseKind kind) {
  switch (kind) {
    case CaseKind::direct:
      return "direct";
    case CaseKind::negative:
      return "negative";
    case CaseKind::time:
      return "time";
    case CaseKind::cfg:
      return "cfg";
  }
  return "";
}

const char* name(Level level) {
  return level == Level::must ? "must" : level == Level::should ? "should" : "may";
}

std::optional<StatementId> statement_named(std::string_view text) {
  static constexpr std::pair<std::string_view, Version> versions[] = {
      {"v5/", Version::v5}, {"v3.1.1/", Version::v3_1_1}, {"v3/", Version::v3_1_1}};
  for (const auto& [start, version] : versions)
    if (text.starts_with(start) && text.substr(start.size()).starts_with("MQTT-"))
      return StatementId{version, std::string(text.substr(start.size()))};
  return std::nullopt;
}

std::string to_text(const StatementId& id) {
  return (id.version == Version::v5 ? "v5/" : "v3.1.1/") + id.clause;
}

Duration least_duration(const Case& one) { return of(one.steps); }

}  // namespace mq::conformance
