#include "cli/play.h"

#include <sys/prctl.h>

#include <csignal>
#include <iostream>

#include "cli/broker_of_run.h"
#include "cli/client_programs.h"
#include "cli/exit_code.h"
#include "conformance/checks/check_set.h"
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
  explicit Counted(checks::CheckSet& checks) : checks_(checks) {}
  void observe(const trace::Event& event) override {
    ++events;
    checks_.observe(event);
  }
  std::uint64_t events = 0;

 private:
  checks::CheckSet& checks_;
};

void judge(const scenario::Plan& plan, BrokerOfRun& broker, const SimulationParts& parts,
           Played& played) {
  checks::CheckSet checks(scenario::run_info(plan));
  Counted observer(checks);
  const auto world = parts.world(plan.seed);
  scenario::RunOptions options;
  options.client_fault = parts.client_fault;
  options.go_on = [&](Instant) { return broker.trouble().empty(); };
  const scenario::RunEnd end = scenario::run(plan, *world, broker.backend(), observer, options);
  played.hash = end.hash;
  if (!end.program_trouble.empty()) throw NoBroker(exit_code::unreachable, end.program_trouble);
  played.events = observer.events;
  const checks::Judgement judgement = checks.finish();
  for (std::size_t i = 0; i < judgement.states.size(); ++i)
    if (judgement.states[i].reached > 0) played.states |= std::uint64_t{1} << i;
  played.measured = judgement.verdict != checks::Judgement::Verdict::nothing_measured;
  for (const checks::Finding& finding : judgement.findings) {
    if (finding.verdict != checks::Verdict::broken) continue;
    if (played.broken.empty() && !finding.evidence.empty())
      played.evidence = one_line(finding.evidence.front().text);
    played.broken.push_back(finding.id);
  }
}

}  // namespace

Played play(const std::string& text, const SimulationParts& parts) {
  auto parsed = scenario::parse(text, "explored.yaml");
  Played played;
  if (const auto* problems = std::get_if<scenario::Problems>(&parsed)) {
    played.end = Played::End::refused;
    played.evidence = one_line(scenario::to_text("explored.yaml", problems->front()));
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
    played.evidence = one_line(none.what());
  }
  return played;
}

int player_main(const SimulationParts& parts) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  std::size_t bytes = 0;
  while (std::cin >> bytes && std::cin.get() == '\n') {
    std::string text(bytes, '\0');
    if (!std::cin.read(text.data(), static_cast<std::streamsize>(bytes))) break;
    std::cout << to_line(play(text, parts)) << std::flush;
  }
  return exit_code::held;
}

}  // namespace mq::cli
