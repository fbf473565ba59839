#include "reports/html/sections.h"

#include <algorithm>

#include "reports/text/format.h"
#include "reports/verdict_words.h"

namespace mq::report {
namespace {

using checks::Finding;
using checks::Verdict;

// The class that gives a verdict its colour.
std::string tone(Verdict verdict) {
  return verdict == Verdict::held ? "held" : verdict == Verdict::broken ? "broken" : "untried";
}

void put_fact(Markup& out, Literal name, const std::string& value) {
  out << "<div><dt>" << name << "</dt><dd>" << value << "</dd></div>";
}

void put_clauses(Markup& out, const Finding& finding) {
  if (finding.clauses.empty()) return;
  out << "<span class=\"clauses\">";
  for (const std::string& clause : finding.clauses) out << "<code>" << clause << "</code> ";
  out << "</span>";
}

void put_promise_row(Markup& out, const Finding& finding) {
  const std::string id = anchor(finding.id);
  out << "<tr id=\"promise-" << id << "\" class=\"" << tone(finding.verdict)
      << "\"><td data-label=\"Verdict\">"
      << "<span class=\"chip\">" << std::string(word(finding.verdict))
      << "</span></td><th scope=\"row\">" << finding.promise << "<span class=\"sub\"><code>"
      << finding.id << "</code> "
      << (finding.expected ? Literal("asked for by the scenario") : Literal("always owed"))
      << "</span>";
  put_clauses(out, finding);
  out << "</th><td data-label=\"Limit\">" << finding.limit
      << "</td><td class=\"measured\" data-label=\"Measured\">" << finding.measured;
  if (!finding.evidence.empty())
    out << " <a class=\"whole\" href=\"#evidence-" << id << "\">see evidence</a>";
  out << "</td><td class=\"number\" data-label=\"Tried\">" << count(finding.tried)
      << "</td></tr>\n";
}

void put_diagram(Markup& out, const SequenceDiagram& diagram) {
  out << "<figure class=\"sequence\"><figcaption>" << diagram.title
      << "</figcaption><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
         "aria-label=\"Message sequence diagram\">"
      << sequence_svg(diagram)
      << "</div><p class=\"sub\">Times are of the simulation, distances are not to scale. A dashed "
         "arrow that ends in a cross left its sender and never arrived.</p></figure>\n";
}

void put_parties(Markup& out, const Results& r, const checks::Evidence& evidence) {
  std::vector<trace::ClientIndex> named;
  for (const trace::ClientIndex client : evidence.clients) {
    if (std::ranges::find(r.journeys, client, &Journey::client) == r.journeys.end() ||
        std::ranges::find(named, client) != named.end())
      continue;
    out << (named.empty() ? Literal(" <span class=\"sub\">Client by client: ") : Literal(", "))
        << client_link(r, client, evidence.message);
    named.push_back(client);
  }
  if (!named.empty()) out << "</span>";
}

void put_evidence(Markup& out, const Results& r, const Finding& finding) {
  const std::string id = anchor(finding.id);
  out << "<div class=\"evidence\" id=\"evidence-" << id << "\"><h3>" << finding.promise
      << "</h3><p class=\"sub\">" << finding.measured << "; limit: " << finding.limit
      << ". <a href=\"#promise-" << id << "\">Back to the promise</a></p>\n";
  for (const SequenceDiagram& diagram : r.sequences)
    if (diagram.finding == finding.id) put_diagram(out, diagram);
  out << "<ol>";
  for (std::size_t i = 0; i < finding.evidence.size(); ++i) {
    const checks::Evidence& evidence = finding.evidence[i];
    out << "<li id=\"evidence-" << id << "-" << i + 1 << "\"><time>" << clock(evidence.at)
        << "</time> " << evidence.text;
    put_parties(out, r, evidence);
    out << "</li>";
  }
  out << "</ol>";
  if (finding.broken > finding.evidence.size() && finding.evidence.size() > 0)
    out << "<p class=\"sub\">The first " << finding.evidence.size() << " of "
        << count(finding.broken) << ".</p>";
  out << "</div>\n";
}

}  // namespace

std::string anchor(const std::string& id) {
  std::string out;
  for (char c : id)
    out += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '-';
  return out;
}

Markup verdict_section(const Results& r) {
  Markup out;
  const bool calm = r.verdict == Verdict::held && r.complete;
  const std::string colour = calm ? "held" : r.verdict == Verdict::broken ? "broken" : "untried";
  out << "<section id=\"verdict\" class=\"verdict " << colour << "\">\n<p class=\"eyebrow\">"
      << r.run.scenario << "</p>\n<h1>" << verdict_word(r) << "</h1>\n<p class=\"lead\">"
      << verdict_sentence(r) << "</p>\n";
  if (!r.run.description.empty()) out << "<p class=\"about\">" << r.run.description << "</p>\n";
  out << "<dl class=\"facts\">";
  put_fact(out, "Simulated", long_duration(r.reached.time_since_epoch()));
  put_fact(out, "Clients", count(r.run.clients.size()));
  put_fact(out, "Messages", count(messages_attempted(r)));
  put_fact(out, "Broker", r.run.broker);
  put_fact(out, "World", world_name(r.run));
  if (!r.configuration.tcp_preset.empty()) put_fact(out, "TCP", r.configuration.tcp_preset);
  put_fact(out, "Seed", std::to_string(r.run.seed));
  out << "</dl>\n";
  put_copyable(out, "Repeat this run", r.command);
  if (r.hash.empty()) {
    out << "<p class=\"sub\">Real time had a part in this run: no two are the same, and there is "
           "no "
           "hash.</p>\n</section>\n";
    return out;
  }
  put_copyable(out, "Hash of the run", r.hash);
  out << "<p class=\"sub\">The same seed gives the same hash, on every machine.</p>\n</section>\n";
  return out;
}

Markup promises_section(const Results& r) {
  Markup out;
  out << "<section id=\"promises\"><h2>Promises</h2>\n";
  if (r.findings.empty()) {
    out << "<p>No promise was judged.</p></section>\n";
    return out;
  }
  out << "<table class=\"promises stack\"><thead><tr><th scope=\"col\">Verdict</th><th "
         "scope=\"col\">Promise</th><th scope=\"col\">Limit</th><th scope=\"col\">Measured</th>"
         "<th scope=\"col\" class=\"number\">Tried</th></tr></thead>\n<tbody>\n";
  for (const Finding* finding : by_importance(r)) put_promise_row(out, *finding);
  out << "</tbody></table>\n</section>\n";
  return out;
}

Markup evidence_section(const Results& r) {
  Markup out;
  const auto has_evidence = [](const Finding& finding) { return !finding.evidence.empty(); };
  if (std::none_of(r.findings.begin(), r.findings.end(), has_evidence)) return out;
  out << "<section id=\"evidence\"><h2>Evidence</h2>\n";
  if (r.sequences.empty() && !r.trace.note.empty())
    out << "<p class=\"sub\">No sequence diagram: " << r.trace.note << ".</p>\n";
  for (const Finding* finding : by_importance(r))
    if (!finding->evidence.empty()) put_evidence(out, r, *finding);
  out << "</section>\n";
  return out;
}

Markup coverage_section(const Results& r) {
  Markup out;
  out << "<section id=\"coverage\"><h2>Coverage</h2>\n<p>What the run reached. A promise that held "
         "in a run which never came to the interesting place has proved little.</p>\n";
  if (r.sometimes.empty()) {
    out << "<p>Nothing was counted.</p></section>\n";
    return out;
  }
  out << "<table class=\"stack\"><thead><tr><th scope=\"col\">State</th><th scope=\"col\" "
         "class=\"number\">Times</th></tr></thead><tbody>\n";
  std::vector<const SometimesCount*> order;
  for (const SometimesCount& state : r.sometimes) order.push_back(&state);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return a->expected != b->expected ? a->expected : (a->times > 0) > (b->times > 0);
  });
  for (const SometimesCount* state : order) {
    const bool missed = state->times == 0;
    out << "<tr class=\""
        << (missed ? (state->expected ? Literal("broken") : Literal("never")) : Literal("reached"))
        << "\"><th scope=\"row\">" << state->phrase << "<span class=\"sub\">" << state->meaning
        << (state->expected ? Literal(" Asked for by the scenario.") : Literal(""))
        << "</span></th><td class=\"number\" data-label=\"Times\">"
        << (missed ? std::string("never") : count(state->times)) << "</td></tr>\n";
  }
  out << "</tbody></table></section>\n";
  return out;
}

}  // namespace mq::report
