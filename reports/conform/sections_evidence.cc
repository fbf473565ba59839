#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reports/conform/sections.h"
#include "reports/text/format.h"

namespace mq::report {
namespace {

using V = ConformVerdict;

constexpr std::size_t hex_shown_max = 192;

bool is_quiet(const ConformJudged& one) {
  return one.verdict == V::pass && one.advice.empty() && !one.is_flaky();
}

void put_miss(Markup& out, const ConformMiss& miss) {
  out << "<dl class=\"miss\"><div><dt>Step</dt><dd><code>" << miss.at
      << "</code></dd></div><div><dt>Expected</dt><dd>" << miss.expected
      << "</dd></div><div><dt>Got</dt><dd class=\"bad\">" << miss.got << "</dd></div></dl>";
}

// Of a case, or of a breach in it.
void put_transcript(Markup& out, const auto& one) {
  if (one.transcript.empty()) return;
  out << "<div class=\"scroll\"><table class=\"packets\"><caption>What went over the "
         "connections</caption><thead><tr><th scope=\"col\" class=\"number\">Time, s</th>"
         "<th scope=\"col\">Connection</th><th scope=\"col\">What</th></tr></thead><tbody>";
  for (std::size_t i = 0; i < one.transcript.size(); ++i) {
    const ConformSaid& said = one.transcript[i];
    if (one.left_out > 0 && i == one.transcript.size() / 2)
      out << "<tr><td></td><td></td><td class=\"sub\">" << count(one.left_out, "line")
          << " left out</td></tr>";
    out << "<tr><td class=\"number\">" << fmt::format("{:.6f}", seconds(said.since)) << "</td><td>"
        << said.link << "</td><td>";
    if (said.what == ConformSaid::What::sent)
      out << "<span class=\"sent\">sent \xE2\x86\x92</span> ";
    else if (said.what == ConformSaid::What::received)
      out << "<span class=\"came\">came \xE2\x86\x90</span> ";
    out << said.text;
    if (!said.hex.empty())
      out << "<code class=\"hex\">"
          << said.hex.substr(0, hex_shown_max) +
                 (said.hex.size() > hex_shown_max ? "\xE2\x80\xA6" : "")
          << "</code>";
    out << "</td></tr>";
  }
  out << "</tbody></table></div>";
}

void put_title(Markup& out, const ConformJudged& one) {
  out << verdict_mark(one.verdict) << " <code>" << one.id << "</code> " << one.title;
}

void put_choices(Markup& out, const ConformJudged& one) {
  for (const std::string& choice : one.choices)
    out << "<span class=\"sub\">chose: " << choice << "</span>";
}

// Folded. Those that found the same choices taken stand together below them.
void put_passed(Markup& out, const std::vector<const ConformJudged*>& cases) {
  if (cases.empty()) return;
  out << "<details><summary>" << cases.size() << " passed</summary>";
  std::map<std::vector<std::string>, std::vector<const ConformJudged*>> by_choices;
  for (const ConformJudged* one : cases) by_choices[one->choices].push_back(one);
  for (const auto& [choices, alike] : by_choices) {
    put_choices(out, *alike.front());
    out << "<ul class=\"cases\">";
    for (const ConformJudged* one : alike)
      out << "<li><code>" << one->id << "</code> " << one->title << "</li>";
    out << "</ul>";
  }
  out << "</details>";
}

void put_not_tried(Markup& out, const std::vector<const ConformJudged*>& cases) {
  if (cases.empty()) return;
  out << "<details><summary>" << cases.size() << " not tried</summary><ul class=\"cases\">";
  for (const ConformJudged* one : cases) {
    out << "<li>";
    put_title(out, *one);
    out << "<span class=\"sub\">" << one->reason << "</span></li>";
  }
  out << "</ul></details>";
}

void put_breach(Markup& out, const ConformBreach& one) {
  out << "<details class=\"case\" open><summary>" << verdict_mark(V::fail) << " <code>" << one.rule
      << "</code> " << one.sentence << "</summary><dl class=\"miss\"><div><dt>Case</dt><dd><code>"
      << one.in_case << "</code></dd></div><div><dt>Connection</dt><dd>" << one.link
      << "</dd></div><div><dt>Seen</dt><dd class=\"bad\">" << one.seen << "</dd></div></dl>";
  put_copyable(out, "Again", one.again);
  put_copyable(out, "In capture.pcap", one.packets);
  put_transcript(out, one);
  out << "</details>";
}

// What rules saw of a statement in all cases, whatever these are about.
void put_watched(Markup& out, const ConformWatched& watched) {
  out << "<p>Watched in every case by";
  for (const std::string& rule : watched.rules) out << " <code>" << rule << "</code>";
  out << ": put to the test " << count(watched.tried, "time") << ", ";
  if (watched.broken == 0)
    out << "never broken.</p>";
  else
    out << "<span class=\"bad\">broken " << count(watched.broken, "time") << "</span>.</p>";
  for (const ConformBreach& one : watched.breaches) put_breach(out, one);
}

}  // namespace

Evidence::Evidence(const std::vector<ConformResults>& targets)
    : targets_(targets), shown_(targets.size()) {}

Markup Evidence::whole(const ConformJudged& one) const {
  Markup out;
  out << "<details class=\"case\" open><summary>";
  put_title(out, one);
  out << "</summary>";
  if (!one.reason.empty()) out << "<p class=\"why\">" << one.reason << "</p>";
  if (!one.link.empty()) out << "<p class=\"sub\">See " << one.link << "</p>";
  if (one.is_flaky()) {
    out << "<p class=\"warn\">Not the same each time:";
    for (const V round : one.rounds) out << " " << std::string(word_of(round));
    out << "</p>";
  }
  if (one.miss) put_miss(out, *one.miss);
  for (const ConformMiss& advice : one.advice) put_miss(out, advice);
  put_choices(out, one);
  put_copyable(out, "Again", one.again);
  put_copyable(out, "In capture.pcap", one.packets);
  put_transcript(out, one);
  out << "</details>";
  return out;
}

Markup Evidence::of(const MatrixRow& row, std::size_t target) {
  const MatrixCell& cell = row.cells[target];
  const std::string id = row.statement->id + "@" + std::to_string(target + 1);
  Markup out;
  out << "<section class=\"of\" id=\"" << id << "\" tabindex=\"-1\"><h4>"
      << name_of(targets_[target]) << " " << verdict_mark(cell.verdict) << "</h4>";
  std::vector<const ConformJudged*> passed;
  std::vector<const ConformJudged*> not_tried;
  for (const ConformJudged* one : cell.judged) {
    if (is_quiet(*one)) {
      passed.push_back(one);
    } else if (one->verdict == V::not_applicable || one->verdict == V::skipped) {
      not_tried.push_back(one);
    } else if (const auto [place, is_new] = shown_[target].try_emplace(one, id); is_new) {
      out << whole(*one);
    } else {
      out << "<p class=\"case\">";
      put_title(out, *one);
      out << ": see <a href=\"#" << place->second << "\">"
          << place->second.substr(0, place->second.find('@')) << "</a></p>";
    }
  }
  put_passed(out, passed);
  put_not_tried(out, not_tried);
  if (cell.watched != nullptr) put_watched(out, *cell.watched);
  if (cell.judged.empty()) {
    out << "<p class=\"sub\">";
    if (cell.can_be_checked)
      out << "Not tried in this run.";
    else if (!row.statement->no_case.empty())
      out << "It cannot be checked: " << row.statement->no_case;
    else
      out << "It cannot be checked against this role from outside.";
    out << "</p>";
  }
  out << "</section>";
  return out;
}

}  // namespace mq::report
