// The rules of the standard that were watched on every connection.
#include <algorithm>

#include "reports/html/sections.h"
#include "reports/text/format.h"

namespace mq::report {
namespace {

// A run puts hundreds of rules to the test: what each cell of a row is called on a phone is said by
// the style, and the end tags that HTML does not ask for are left out.
void put_rule(Markup& out, const checks::Finding& rule) {
  const bool is_broken = rule.verdict == checks::Verdict::broken;
  const bool is_broker = rule.id.starts_with("broker/");
  out << "<tr><th scope=\"row\">" << rule.promise << "<td>"
      << (is_broker ? Literal("broker") : Literal("client")) << "<td>";
  for (std::size_t i = 0; i < rule.clauses.size(); ++i)
    out << (i == 0 ? Literal("") : Literal(", ")) << rule.clauses[i];
  out << "<td>" << count(rule.tried)
      << (is_broken ? Literal("<td class=\"bad\">") : Literal("<td>")) << count(rule.broken)
      << "\n";
  for (const checks::Evidence& evidence : rule.evidence)
    out << "<tr><td colspan=\"5\" class=\"sub\">" << clock(evidence.at) << " " << evidence.text
        << "\n";
}

void put_rules(Markup& out, const std::vector<checks::Finding>& rules, bool broken) {
  out << "<div class=\"scroll\" tabindex=\"0\"><table class=\"stack rules\"><thead><tr><th "
         "scope=\"col\">Rule</th><th "
         "scope=\"col\">Side</th><th scope=\"col\">Statements</th><th scope=\"col\">Tried</th><th "
         "scope=\"col\">Broken</th></tr></thead>"
         "<tbody>\n";
  for (const checks::Finding& rule : rules)
    if ((rule.verdict == checks::Verdict::broken) == broken) put_rule(out, rule);
  out << "</table></div>\n";
}

}  // namespace

Markup standard_section(const Results& r) {
  Markup out;
  out << "<section id=\"standard\"><h2>The standard</h2>\n";
  if (r.standard.empty()) {
    out << "<p>No packet was watched.</p>\n</section>\n";
    return out;
  }
  const auto broken = static_cast<std::uint64_t>(std::count_if(
      r.standard.begin(), r.standard.end(),
      [](const checks::Finding& rule) { return rule.verdict == checks::Verdict::broken; }));
  out << "<p>Every connection was watched at both ends. " << count(r.standard.size(), "rule")
      << " of the standard were put to the test, " << count(broken) << " broken.</p>\n";
  if (broken > 0) put_rules(out, r.standard, true);
  if (broken < r.standard.size()) {
    out << "<details><summary>" << count(r.standard.size() - broken, "rule")
        << " that held</summary>";
    put_rules(out, r.standard, false);
    out << "</details>\n";
  }
  out << "</section>\n";
  return out;
}

}  // namespace mq::report
