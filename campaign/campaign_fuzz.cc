// Whatever bytes a campaign file or an outcome has: a plan whose runs can be named and written, or
// problems, never a crash.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ensure.h"
#include "campaign/campaign.h"
#include "campaign/outcome.h"
#include "campaign/plan.h"
#include "scenarios/language/parse.h"

namespace {

constexpr std::string_view scenario_text =
    "version: 1\nname: a\nduration: 10min\nworld: memory\nlinks:\n  modem: { profile: gprs }\n"
    "fleet:\n  sensor: { link: modem, publish: [ { topic: a/b, qos: 1, every: 10s } ] }\n"
    "faults:\n  - { at: 1min, cut: modem, for: 10s }\n";

// A campaign may have millions of runs; a few show what can go wrong.
constexpr std::uint32_t runs_looked_at = 20;

void look_at(const mq::campaign::Plan& plan) {
  mq::ensure(plan.runs() > 0 && plan.runs() <= mq::campaign::runs_max, "a plan has runs");
  const std::uint32_t step = std::max(1U, plan.runs() / runs_looked_at);
  for (std::uint32_t i = 0; i < plan.runs(); i += step) {
    const auto run = plan.at(i);
    mq::ensure(plan.point_of(plan.levels(run.point)) == run.point, "levels name a point");
    mq::ensure(plan.key(run) == plan.key(plan.at(i)), "a key is a function");
    mq::scenario::Problems problems;
    // What is set may be refused as a scenario, but is YAML.
    const auto document = mq::scenario::read_document(plan.text(run), problems);
    mq::ensure(document.is_whole, "the scenario of a run can be read");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mq::campaign;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto outcome = from_line(text)) {
    const auto again = from_line(to_line(*outcome));
    mq::ensure(again.has_value() && to_line(*again) == to_line(*outcome), "a line says it all");
  }
  auto parsed = parse(text, "fuzz.yaml", scenario_text);
  if (const auto* problems = std::get_if<FileProblems>(&parsed)) {
    for (const auto& [file, problem] : *problems) {
      mq::ensure(problem.line >= 1 && problem.column >= 1, "a place counts from 1");
      mq::ensure(problem.text.find('\033') == std::string::npos, "nothing moves the cursor");
    }
    return 0;
  }
  look_at(Plan(std::get<Campaign>(std::move(parsed))));
  return 0;
}
