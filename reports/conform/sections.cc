#include "reports/conform/sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/text/format.h"

namespace mq::report {
namespace {

using V = ConformVerdict;

Literal glyph_of(std::optional<V> verdict) {
  if (!verdict) return "\xC2\xB7";  // a dot
  switch (*verdict) {
    case V::pass:
      return "\xE2\x9C\x93";  // a check mark
    case V::fail:
      return "\xE2\x9C\x97";  // a cross
    case V::known:
      return "\xE2\x89\x88";  // about equal
    case V::fixed:
      return "\xE2\x86\x91";  // an arrow upwards
    case V::error:
      return "!";
    case V::non_strict:
      return "\xE2\x96\xB3";  // a triangle
    case V::info:
      return "i";
    case V::not_applicable:
      return "\xE2\x80\x93";  // a dash
    case V::skipped:
      return "\xE2\x80\xA6";  // an ellipsis
  }
  return "";
}

Literal tone_of_word(const ConformResults& results) {
  const std::string word = conform_word(results);
  if (word == "Conforms") return "held";
  if (word == "Deviates") return "broken";
  return word == "Deviates as known" ? Literal("known") : Literal("untried");
}

// A bar of what the MUST cases came to; a picture of the figures beside it.
Markup bar(const ConformTally& counts) {
  struct Part {
    V verdict;
    Literal tone;
  };
  static constexpr Part parts[] = {
      {V::pass, "held"},    {V::non_strict, "untried"}, {V::info, "untried"},
      {V::known, "known"},  {V::fail, "broken"},        {V::fixed, "broken"},
      {V::error, "broken"}, {V::skipped, "away"},       {V::not_applicable, "away"}};
  Markup out;
  out << "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" "
         "aria-hidden=\"true\">";
  const double all = std::max<double>(1, static_cast<double>(counts.all()));
  double at = 0;
  for (const auto& [verdict, tone] : parts) {
    if (counts[verdict] == 0) continue;
    const double width = std::max(4.0, 1000 * static_cast<double>(counts[verdict]) / all);
    out << "<rect class=\"" << tone << "\" x=\"" << fmt::format("{:.1f}", at)
        << "\" y=\"0\" height=\"10\" width=\"" << fmt::format("{:.1f}", width) << "\"/>";
    at += width;
  }
  out << "</svg>";
  return out;
}

void put_counts(Markup& out, const ConformResults& results, const char* level, Literal label) {
  const ConformTally counts = tally_of(results, level);
  const std::uint64_t bad = counts[V::fail] + counts[V::fixed];
  out << "<td data-label=\"" << label << "\"><span class=\"counts\"><strong>"
      << count(counts[V::pass]) << "</strong> pass";
  if (bad > 0) out << ", <span class=\"bad\">" << count(bad) << " fail</span>";
  if (counts[V::known] > 0) out << ", " << count(counts[V::known]) << " known";
  if (counts[V::non_strict] > 0) out << ", " << count(counts[V::non_strict]) << " non-strict";
  if (counts[V::info] > 0) out << ", " << count(counts[V::info]) << " info";
  if (counts[V::error] > 0) out << ", <span class=\"bad\">" << counts[V::error] << " error</span>";
  const std::uint64_t aside = counts[V::not_applicable] + counts[V::skipped];
  if (aside > 0) out << "<span class=\"sub\">" << count(aside) << " not tried</span>";
  out << "</span></td>";
}

}  // namespace

Literal tone_of(std::optional<V> verdict) {
  if (!verdict) return "none";
  switch (*verdict) {
    case V::pass:
      return "held";
    case V::fail:
    case V::fixed:
    case V::error:
      return "broken";
    case V::known:
      return "known";
    case V::non_strict:
    case V::info:
      return "untried";
    default:
      return "none";
  }
}

Markup verdict_mark(std::optional<V> verdict) {
  Markup out;
  out << "<span class=\"mark " << tone_of(verdict)
      << "\"><span class=\"glyph\" aria-hidden=\"true\">" << glyph_of(verdict) << "</span> "
      << (verdict ? std::string(word_of(*verdict)) : std::string("no check")) << "</span>";
  return out;
}

Markup conform_verdict_section(const std::vector<ConformResults>& targets,
                               const std::string& heading) {
  const ConformResults& first = targets[0];
  Markup out;
  out << "<section class=\"verdict "
      << (targets.size() == 1 ? tone_of_word(first) : Literal("many"))
      << "\" id=\"verdict\"><p class=\"eyebrow\">";
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (i > 0) out << ", ";
    out << name_of(targets[i]);
    if (!targets[i].release.empty()) out << " (" << targets[i].release << ")";
  }
  out << "</p><h1>" << heading << "</h1>";
  if (targets.size() == 1) {
    out << "<p class=\"lead\">" << conform_sentence(first) << ".</p>";
    if (!first.selection.empty())
      out << "<p class=\"about\">Only a selection was run: <code>" << first.selection
          << "</code></p>";
    out << "<div class=\"copyable\"><span>Repeat it</span><code>" << first.command
        << "</code><button type=\"button\" class=\"quiet copy\" hidden>Copy</button></div>";
  }
  out << "</section>\n";
  return out;
}

Markup targets_section(const std::vector<ConformResults>& targets) {
  Markup out;
  out << "<section id=\"targets\"><h2>What was demanded, and what was done</h2>"
         "<table class=\"stack targets\"><caption>Cases by the word of the standard behind them. "
         "MUST decides; SHOULD and MAY only inform.</caption><thead><tr>"
         "<th scope=\"col\">Target</th><th scope=\"col\">Verdict</th><th scope=\"col\">MUST</th>"
         "<th scope=\"col\">SHOULD</th><th scope=\"col\">MAY</th></tr></thead><tbody>";
  for (const ConformResults& results : targets) {
    out << "<tr><th scope=\"row\">" << name_of(results) << "<span class=\"sub\">" << results.release
        << "</span>" << bar(tally_of(results, "must"))
        << "</th><td data-label=\"Verdict\"><span class=\"chip " << tone_of_word(results) << "\">"
        << conform_word(results) << "</span></td>";
    put_counts(out, results, "must", "MUST");
    put_counts(out, results, "should", "SHOULD");
    put_counts(out, results, "may", "MAY");
    out << "</tr>";
  }
  out << "</tbody></table></section>\n";
  return out;
}

Markup conform_watched_section(const std::vector<ConformResults>& targets) {
  Markup out;
  out << "<section id=\"watched\"><h2>What was watched in every case</h2>";
  for (std::size_t at = 0; at < targets.size(); ++at) {
    const ConformResults& results = targets[at];
    std::size_t broken = 0;
    for (const ConformWatched& one : results.watched) broken += one.broken > 0 ? 1 : 0;
    out << "<p>" << name_of(results) << ": " << count(results.watched.size(), "statement")
        << " put to the test by rules that watch every connection, " << count(broken)
        << " seen to break.</p>";
    if (broken == 0) continue;
    out << "<table class=\"stack\"><caption>Each leads to its evidence</caption><thead><tr>"
           "<th scope=\"col\">Statement</th><th scope=\"col\">First seen in</th>"
           "<th scope=\"col\">What was seen</th><th scope=\"col\" class=\"number\">Broken</th>"
           "<th scope=\"col\" class=\"number\">Put to the test</th></tr></thead><tbody>";
    for (const ConformWatched& one : results.watched) {
      if (one.broken == 0) continue;
      const ConformBreach first = one.breaches.empty() ? ConformBreach{} : one.breaches.front();
      out << "<tr><th scope=\"row\"><a href=\"#" << one.statement << "@" << at + 1 << "\">"
          << one.statement << "</a></th><td data-label=\"First seen in\"><code>" << first.in_case
          << "</code></td><td data-label=\"What was seen\">" << first.seen
          << "</td><td class=\"number\" data-label=\"Broken\">" << count(one.broken)
          << "</td><td class=\"number\" data-label=\"Put to the test\">" << count(one.tried)
          << "</td></tr>";
    }
    out << "</tbody></table>";
  }
  out << "</section>\n";
  return out;
}

Markup conform_coverage_section(const std::vector<ConformResults>& targets) {
  Markup out;
  out << "<section id=\"coverage\"><h2>How much of the standard was looked at</h2>"
         "<table class=\"stack\"><caption>Statements. What nobody can check from outside has a "
         "reason, which its row above tells.</caption><thead><tr><th scope=\"col\">Target</th>"
         "<th scope=\"col\">Standard</th><th scope=\"col\" class=\"number\">Statements</th>"
         "<th scope=\"col\" class=\"number\">Can be checked</th>"
         "<th scope=\"col\" class=\"number\">Have a check here</th>"
         "<th scope=\"col\" class=\"number\">Were decided</th></tr></thead><tbody>";
  for (const ConformResults& results : targets)
    for (const ConformCoverage& one : results.coverage) {
      if (one.checked == 0) continue;
      out << "<tr><th scope=\"row\">" << name_of(results)
          << "</th><td data-label=\"Standard\">MQTT " << one.version << ", "
          << (one.of == ConformJudged::Of::broker ? Literal("a broker") : Literal("a client"))
          << "</td><td class=\"number\" data-label=\"Statements\">" << one.statements
          << "</td><td class=\"number\" data-label=\"Can be checked\">" << one.checkable
          << "</td><td class=\"number\" data-label=\"Have a check here\">" << one.have_check
          << "</td><td class=\"number\" data-label=\"Were decided\">" << one.checked
          << "</td></tr>";
    }
  out << "</tbody></table></section>\n";
  return out;
}

Markup conform_run_section(const std::vector<ConformResults>& targets) {
  Markup out;
  out << "<section id=\"run\"><h2>How it was run</h2>";
  for (const ConformResults& results : targets) {
    out << "<table class=\"pairs\"><caption>" << name_of(results) << "</caption><tbody>";
    struct Pair {
      Literal name;
      std::string value;
    };
    const Pair pairs[] = {
        {"Command", results.command},
        {"Program under test", results.release.empty() ? "not known" : results.release},
        {"mqttlab", results.program_version},
        {"Time", results.is_virtual ? "virtual: waiting costs nothing" : "real"},
        {"Started, UTC", results.started},
        {"Took", fmt::format("{:.1f} s", results.wall_seconds)},
        {"Seed", std::to_string(results.seed)},
        {"Hash", results.hash}};
    for (const auto& [name, value] : pairs)
      out << "<tr><th scope=\"row\">" << name << "</th><td>" << value << "</td></tr>";
    for (const std::string& note : results.notes)
      out << "<tr><th scope=\"row\">Note</th><td>" << note << "</td></tr>";
    out << "</tbody></table>";
  }
  out << "</section>\n";
  return out;
}

}  // namespace mq::report
