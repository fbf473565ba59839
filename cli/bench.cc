// mqttlab bench broker: our broker and the others that are installed, under the same load.
#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "bench/contest.h"
#include "bench/figures.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/programs.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "peers/peer.h"

namespace mq::cli {
namespace {

struct Flags {
  bench::ContestOptions options;
  int patience_seconds = 10;
  bool json = false;
  bool list = false;
};

int list_rows() {
  for (const bench::Row& row : bench::all_rows()) fmt::print("{:<18}  {}\n", row.name, row.what);
  return exit_code::held;
}

int verdict(const bench::Contest& contest) {
  if (contest.was_interrupted) return interrupt_exit_code();
  if (!bench::has_measured(contest)) return exit_code::nothing;
  return bench::is_sound(contest) ? exit_code::held : exit_code::broken;
}

int refuse(const std::string& why, int code) {
  fmt::print(stderr, "mqttlab bench broker: {}\n", why);
  return code;
}

int bench_brokers(Flags& flags) {
  if (flags.list) return list_rows();
  take_signals();
  const Terminal terminal("auto");
  bench::ContestOptions& options = flags.options;
  options.scale.patience = std::chrono::seconds(flags.patience_seconds);
  options.own_program = program_beside("mqttlab-broker");
  options.is_interrupted = [] { return interrupt_seen() != 0; };
  if (terminal.live()) options.progress = [&](const std::string& line) { terminal.show(line); };
  try {
    const bench::Contest contest = bench::run_contest(options);
    if (terminal.live()) terminal.show("");
    fmt::print("{}", flags.json ? bench::to_json(contest, options) : bench::to_table(contest));
    return verdict(contest);
  } catch (const std::invalid_argument& error) {
    return refuse(std::string(error.what()) + "; --list tells what there is", exit_code::usage);
  } catch (const peers::AdapterError& error) {
    return refuse(error.what(), exit_code::usage);
  } catch (const peers::PeerError& error) {
    return refuse(error.what(), exit_code::unreachable);
  }
}

}  // namespace

void add_bench(CLI::App& app, int& exit_code) {
  Command verb(app, "bench", "measure brokers under load, side by side");
  Command broker = verb.below(
      "broker",
      "our broker and the others that are installed, interleaved, every delivery verified");
  auto flags = std::make_shared<Flags>();
  broker
      .option("--brokers", flags->options.brokers,
              "which ones, by name or adapter file; else ours and all that are installed")
      .split_at(',');
  broker.option("--only", flags->options.rows, "only these rows (--list)").split_at(',');
  broker.option("--rounds", flags->options.rounds, "per row and broker; medians are shown")
      .within(1, 1000)
      .with_default_shown();
  broker.option("--size", flags->options.scale.size, "of each load: 0.1 is a tenth")
      .between(0.0001, 1000.0)
      .with_default_shown();
  broker
      .option("--patience", flags->patience_seconds,
              "seconds without any event, until what is missing is lost")
      .within(1, 3600)
      .with_default_shown();
  broker.flag("--json", flags->json, "print one JSON document");
  broker.flag("--list", flags->list, "list the rows");
  broker.runs([flags, &exit_code] { exit_code = bench_brokers(*flags); });
}

}  // namespace mq::cli
