#include "conformance/runner/case.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "conformance/runner/placeholders.h"
#include "scenarios/language/units.h"

namespace mq::conformance {
namespace {

constexpr Duration century = std::chrono::hours(24 * 36500);  // longer than anything is played
constexpr std::uint64_t steps_max = 100'000;

Duration duration_in(const std::optional<Value>& value) {
  if (!value || value->alternatives.empty()) return {};
  return scenario::parse_duration(value->alternatives[0].text).value_or(Duration{});
}

enum class Waits : std::uint8_t { least, longest };

Duration of(const std::vector<Step>& steps, Duration quiet, Waits waits) {
  Duration sum{};
  for (const Step& step : steps) {
    const Duration least = duration_in(step.lasting) + duration_in(step.not_before);
    sum += waits == Waits::longest ? std::max(least, duration_in(step.within)) : least;
    const bool is_silence = step.verb == Verb::nothing || step.verb == Verb::unheard;
    if (is_silence && !step.lasting) sum += quiet;
    Duration longest{};
    for (const Branch& branch : step.branches)
      longest = std::max(longest, of(branch.steps, quiet, waits));
    if (step.count && !step.count->alternatives.empty()) {
      const auto rounds = number_in(step.count->alternatives[0].text).value_or(1);
      longest =
          longest >
                  century /
                      std::max<Duration::rep>(
                          static_cast<Duration::rep>(std::min<std::uint64_t>(rounds, steps_max)), 1)
              ? century
              : longest * static_cast<Duration::rep>(rounds);
    }
    sum = std::min(sum + longest, century);
  }
  return sum;
}

void add_common_client_ids(const std::vector<Step>& steps, std::set<std::string>& ids) {
  for (const Step& step : steps) {
    for (const Field& field : step.fields)
      if (step.packet == Kind::connect && field.name == "client_id" &&
          !field.value.alternatives.empty()) {
        const Alternative& id = field.value.alternatives[0];
        if (id.is == Alternative::Is::equal && !id.text.empty() &&
            id.text.find('{') == std::string::npos)
          ids.insert(id.text);
      }
    for (const Branch& branch : step.branches) add_common_client_ids(branch.steps, ids);
  }
}

}  // namespace

const char* name(Role role) { return role == Role::client ? "client" : "broker"; }

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
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  static constexpr std::pair<std::string_view, Version> versions[] = {
      {"v5/MQTT-", Version::v5}, {"v3.1.1/MQTT-", Version::v3_1_1}, {"v3/MQTT-", Version::v3_1_1}};
  const auto is_same_letter = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  for (const auto& [start, version] : versions)
    if (text.size() >= start.size() &&
        std::equal(start.begin(), start.end(), text.begin(), is_same_letter))
      return StatementId{version, "MQTT-" + std::string(text.substr(start.size()))};
  return std::nullopt;
}

std::string to_text(const StatementId& id) {
  return (id.version == Version::v5 ? "v5/" : "v3.1.1/") + id.clause;
}

Duration least_duration(const Case& one, Duration quiet) {
  return of(one.steps, quiet, Waits::least);
}
Duration longest_duration(const Case& one, Duration quiet) {
  return of(one.steps, quiet, Waits::longest);
}

Demand demand_of(const Case& one, Duration quiet) {
  Demand demand{.least = least_duration(one, quiet),
                .longest = longest_duration(one, quiet),
                .common_ids = {}};
  add_common_client_ids(one.steps, demand.common_ids);
  return demand;
}

bool needs(const Case& one, std::string_view what) {
  return std::find(one.needs.begin(), one.needs.end(), what) != one.needs.end();
}

}  // namespace mq::conformance
