#include "cli/campaign_play.h"

#include <algorithm>
#include <utility>

#include "campaign/figures.h"
#include "cli/broker_of_run.h"
#include "cli/client_programs.h"
#include "cli/exit_code.h"
#include "gate/facts.h"
#include "reports/record/recorder.h"
#include "scenarios/engine/run.h"
#include "scenarios/language/parse.h"

namespace mq::cli {
namespace {

using campaign::End;
using campaign::Outcome;
using campaign::Verdict;

Outcome without_verdict(End end, std::string why) {
  Outcome outcome;
  outcome.end = end;
  outcome.evidence = std::move(why);
  return outcome;
}

Verdict verdict_of(checks::Verdict verdict) {
  switch (verdict) {
    case checks::Verdict::held:
      return Verdict::held;
    case checks::Verdict::broken:
      return Verdict::broken;
    case checks::Verdict::not_tried:
      break;
  }
  return Verdict::nothing;
}

Outcome judged(const report::Results& results) {
  Outcome outcome;
  outcome.end = End::judged;
  outcome.verdict = verdict_of(results.verdict);
  outcome.hash = results.hash;
  for (const checks::Finding& finding : results.findings) {
    if (finding.verdict != checks::Verdict::broken) continue;
    if (outcome.broken.empty())
      outcome.evidence =
          finding.evidence.empty() ? finding.measured : finding.evidence.front().text;
    outcome.broken.push_back(finding.id);
  }
  const gate::Facts facts = gate::facts_of(results, {});
  outcome.figures.assign(campaign::figures.size(), campaign::no_figure);
  for (const gate::Figure& figure : facts.figures)
    for (std::size_t i = 0; i < campaign::figures.size(); ++i)
      if (campaign::figures[i].id == figure.metric.id) outcome.figures[i] = figure.value;
  return outcome;
}

Outcome play(BrokerOfRun& broker, const scenario::Plan& plan, const SimulationParts& parts) {
  report::Recorder recorder(scenario::run_info(plan),
                            {.folder = {}, .trace = report::TracePolicy::none});
  const auto world = parts.world(plan.seed);
  scenario::RunOptions options;
  options.client_fault = parts.client_fault;
  options.go_on = [&](Instant) { return broker.trouble().empty(); };
  const scenario::RunEnd end = scenario::run(plan, *world, broker.backend(), recorder, options);
  if (const std::string trouble = broker.trouble(); !trouble.empty())
    return without_verdict(End::unreachable, trouble);
  if (!end.program_trouble.empty()) return without_verdict(End::unreachable, end.program_trouble);
  report::Results results = recorder.finish(end.reached);
  results.hash = end.hash;
  results.traffic = traffic_of(plan, end.traffic);
  return judged(results);
}

}  // namespace

Outcome play_for_campaign(const CampaignOrder& order, const SimulationParts& parts) {
  auto parsed = scenario::parse(order.scenario_text, order.scenario_file);
  if (const auto* problems = std::get_if<scenario::Problems>(&parsed))
    return without_verdict(End::refused, problems->front().text);
  auto& plan = std::get<scenario::Plan>(parsed);
  for (const scenario::LinkPlan& link : plan.links)
    if (link.has_stations())
      return without_verdict(End::refused, "a campaign has no networks of ns-3's own");
  const std::string no_log;
  try {
    find_programs(plan);
    const auto broker = broker_of_run(plan, parts.broker_fault, no_log);
    return play(*broker, plan, parts);
  } catch (const NoBroker& none) {
    return without_verdict(none.exit_code == exit_code::usage ? End::refused : End::unreachable,
                           none.what());
  }
}

}  // namespace mq::cli
