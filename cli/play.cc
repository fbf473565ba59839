#include "cli/play.h"

#include <sys/prctl.h>

#include <algorithm>
#include <csignal>
#include <iostream>

#include "cli/broker_of_run.h"
#include "cli/client_programs.h"
#include "cli/exit_code.h"
#include "conformance/checks/check_set.h"
#include "conformance/monitors/monitors.h"
#include "scenarios/engine/run.h"
#include "scenarios/language/parse.h"

namespace mq::cli {
namespace {

std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return text;
}

class Counted final : public trace::Observer {
 public:
  Counted(checks::CheckSet& checks, monitors::Monitors& monitors)
      : checks_(checks), monitors_(monitors) {}
  void observe(const trace::Event& event) override {
    ++events;
    checks_.observe(event);
    monitors_.observe(event);
  }
  std::uint64_t events = 0;

 private:
  checks::CheckSet& checks_;
  monitors::Monitors& monitors_;
};

void take_broken(const std::vector<checks::Finding>& findings, Played& played) {
  for (const checks::Finding& finding : findings) {
    if (finding.verdict != checks::Verdict::broken) continue;
    played.broken.push_back(
        {finding.id,
         one_line(finding.evidence.empty() ? finding.measured : finding.evidence.front().text)});
  }
}

void judge(const scenario::Plan& plan, BrokerOfRun& broker, const SimulationParts& parts,
           Played& played) {
  const trace::RunInfo run = scenario::run_info(plan);
  checks::CheckSet checks(run);
  monitors::Monitors monitors(run);
  Counted observer(checks, monitors);
  const auto world = parts.world(plan.seed);
  scenario::RunOptions options;
  options.client_fault = parts.client_fault;
  options.go_on = [&](Instant) { return broker.trouble().empty(); };
  const auto between = parts.between ? parts.between(broker.backend()) : nullptr;
  const scenario::RunEnd end =
      scenario::run(plan, *world, between ? *between : broker.backend(), observer, options);
  if (const std::string trouble = broker.trouble(); !trouble.empty()) {
    played.end = Played::End::troubled;
    played.why = one_line(trouble);
    return;
  }
  if (!end.program_trouble.empty()) throw NoBroker(exit_code::unreachable, end.program_trouble);
  played.hash = end.hash;
  played.events = observer.events;
  const checks::Judgement judgement = checks.finish();
  for (std::size_t i = 0; i < judgement.states.size(); ++i)
    if (judgement.states[i].reached > 0) played.states |= std::uint64_t{1} << i;
  played.measured = judgement.verdict != checks::Judgement::Verdict::nothing_measured;
  // What a message or a session came to says more than the rule that was broken on the way.
  take_broken(judgement.findings, played);
  std::vector<checks::Finding> rules = monitors.finish(end.reached).rules;
  // Who broke a rule first has provoked the rest.
  const auto since = [](const checks::Finding& rule) {
    return rule.evidence.empty() ? Instant::max() : rule.evidence.front().at;
  };
  std::stable_sort(rules.begin(), rules.end(),
                   [&](const auto& a, const auto& b) { return since(a) < since(b); });
  take_broken(rules, played);
  for (const std::string& how : broker.ended_by_itself())
    played.broken.insert(played.broken.begin(),
                         {"broker-ended", one_line("The broker ended by itself " + how + ".")});
}

}  // namespace

Played play(const std::string& text, const SimulationParts& parts) {
  auto parsed = scenario::parse(text, "explored.yaml");
  Played played;
  if (const auto* problems = std::get_if<scenario::Problems>(&parsed)) {
    played.end = Played::End::refused;
    played.exit_code = exit_code::fault;
    played.why = one_line("a scenario was drawn that is none: " +
                          scenario::to_text("explored.yaml", problems->front()));
    return played;
  }
  auto& plan = std::get<scenario::Plan>(parsed);
  const std::string no_log;
  try {
    find_programs(plan);
    const auto broker = broker_of_run(plan, parts.broker_fault, no_log);
    judge(plan, *broker, parts, played);
  } catch (const NoBroker& none) {
    played.end = Played::End::refused;
    played.exit_code = none.exit_code;
    played.why = one_line(none.what());
  }
  return played;
}

int player_main(const SimulationParts& parts) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  std::signal(SIGINT, SIG_IGN);  // of the terminal, for all of the group: the explorer sees to it
  std::size_t bytes = 0;
  while (std::cin >> bytes && std::cin.get() == '\n') {
    std::string text(bytes, '\0');
    if (!std::cin.read(text.data(), static_cast<std::streamsize>(bytes))) break;
    std::cout << to_line(play(text, parts)) << std::flush;
  }
  return exit_code::held;
}

}  // namespace mq::cli
