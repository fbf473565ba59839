// The comparison as text for people.
#include <fmt/format.h>

#include "bench/figures.h"

namespace mq::bench {
namespace {

std::string number(std::optional<double> value, const char* unit = "") {
  if (!value) return "-";
  const int digits = *value < 10 ? 2 : *value < 100 ? 1 : 0;
  return fmt::format("{:.{}f}{}", *value, digits, unit);
}

std::string grouped(std::optional<double> value) {
  if (!value) return "-";
  std::string text = fmt::format("{:.0f}", *value);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string time(std::optional<double> microseconds) {
  if (!microseconds) return "-";
  return *microseconds < 1000 ? number(microseconds, " us") : number(*microseconds / 1000, " ms");
}

std::string ratio(std::optional<double> ours, std::optional<double> theirs) {
  if (!ours || !theirs || *theirs <= 0) return "";
  return fmt::format("{:.2f}", *ours / *theirs);
}

std::string goals(const Row& row) {
  std::string text;
  if (row.cpu_goal) text = fmt::format("CPU at most {} of {}'s", *row.cpu_goal, reference_name);
  if (row.latency_goal)
    text += fmt::format("{}p50 at most {} of {}'s", text.empty() ? "" : ", ", *row.latency_goal,
                        reference_name);
  return text.empty() ? text : "  (goal: " + text + ")";
}

std::string line_of(const RowResult::Entry& entry, const Figures& reference) {
  if (!entry.not_measured.empty())
    return fmt::format("  {:<12} not measured: {}\n", entry.broker, entry.not_measured);
  if (entry.rounds.empty()) return fmt::format("  {:<12} not measured\n", entry.broker);
  const Figures own = figures_of(entry);
  std::string line = fmt::format(
      "  {:<12} {:>10} {:>6} {:>12} {:>6} {:>10} {:>6} {:>10} {:>6}", entry.broker,
      number(own.cpu_us, " us"), ratio(own.cpu_us, reference.cpu_us), grouped(own.per_second),
      ratio(own.per_second, reference.per_second), time(own.p50_us),
      ratio(own.p50_us, reference.p50_us), time(own.p99_us), ratio(own.p99_us, reference.p99_us));
  if (own.bytes_per_connection)
    line += fmt::format("   {:.2f} KB per connection", *own.bytes_per_connection / 1000);
  const std::string faults = faults_of(entry);
  return line + (faults.empty() ? "" : "\n               FAILED: " + faults) + "\n";
}

}  // namespace

std::string to_table(const Contest& contest) {
  std::string text;
  for (const Contestant& each : contest.contestants)
    text += fmt::format("{:<12} {}\n", each.name, each.release.empty() ? each.title : each.release);
  for (const std::string& absent : contest.absent) text += absent + "\n";
  for (const RowResult& row : contest.rows) {
    const RowResult::Entry* reference = reference_of(row);
    const Figures beside = reference != nullptr ? figures_of(*reference) : Figures{};
    text += fmt::format("\n{}: {}{}\n", row.row->name, row.row->what, goals(*row.row));
    text += fmt::format("  {:<12} {:>10} {:>6} {:>12} {:>6} {:>10} {:>6} {:>10} {:>6}\n", "",
                        "CPU/unit", "x", row.row->unit + "/s", "x", "p50", "x", "p99", "x");
    for (const RowResult::Entry& entry : row.entries) text += line_of(entry, beside);
  }
  if (contest.was_interrupted) text += "\nInterrupted: this is not all.\n";
  return text + fmt::format(
                    "\nx: in relation to {}. CPU time is the broker's, user and system. "
                    "Medians of the rounds.\n",
                    reference_name);
}

}  // namespace mq::bench
