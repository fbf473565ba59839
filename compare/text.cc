#include <fmt/format.h>

#include <algorithm>

#include "compare/render.h"
#include "compare/sentences.h"
#include "reports/text/escape.h"
#include "reports/text/format.h"

namespace mq::compare {
namespace {

void put(std::string& out, const std::vector<Difference>& differences) {
  std::size_t number = 0;
  for (const Difference& difference : differences) {
    out += fmt::format("{:>3}. {}\n", ++number, report::visible(difference.text));
    for (const std::string& evidence : difference.evidence)
      out += fmt::format("     {}\n", report::visible(evidence));
    if (!difference.shown_by.empty())
      out += fmt::format("     for example: {}\n", report::visible(difference.shown_by));
    for (const std::string& folder : difference.folders) out += fmt::format("     {}\n", folder);
  }
}

std::string kept_text(const gate::Kept& kept) {
  if (kept.tried == 0) return "not tried";
  return kept.broken == 0 ? fmt::format("kept in {}", kept.tried)
                          : fmt::format("BROKEN in {} of {}", kept.broken, kept.tried);
}

void put_rows(std::string& out, const Comparison& all) {
  constexpr int name_width = 52;
  constexpr int cell_width = 30;
  const auto put_row = [&](const std::string& name, const auto& cell) {
    out += fmt::format("  {:<{}.{}}", report::visible(name), name_width, name_width);
    for (std::size_t i = 0; i < all.sides.size(); ++i)
      out += fmt::format("  {:<{}}", cell(i), cell_width);
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  };
  put_row("", [&](std::size_t i) { return all.sides[i].name; });
  for (const PromiseRow& row : all.promises)
    put_row(row.id, [&](std::size_t i) { return kept_text(row.sides[i]); });
  for (const FigureRow& row : all.figures)
    put_row(row.metric.name,
            [&](std::size_t i) { return spread_text(row.sides[i], row.metric.unit); });
}

}  // namespace

std::string plain_text(const Comparison& all) {
  std::string out = fmt::format("{}: {}\n{}; {}\n", report::visible(all.scenario), headline(all),
                                all.shape, runs_text(all));
  for (const std::string& problem : all.problems)
    out += fmt::format("problem: {}\n", report::visible(problem));
  for (const std::string& note : all.notes) out += fmt::format("note: {}\n", report::visible(note));
  if (!all.differences.empty()) out += "\nThe differences that matter\n";
  put(out, all.differences);
  if (!all.seldom.empty())
    out += fmt::format("\nSeen too seldom to tell the {} apart\n", sides_word(all));
  put(out, all.seldom);
  out += "\nPromises and figures\n";
  put_rows(out, all);
  return out;
}

}  // namespace mq::compare
