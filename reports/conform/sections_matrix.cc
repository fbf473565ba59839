#include <map>

#include "reports/conform/sections.h"
#include "reports/text/format.h"

namespace mq::report {
namespace {

std::string upper(std::string word) {
  for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return word;
}

void put_filters(Markup& out, bool has_several) {
  out << "<form class=\"filters\" id=\"filters\" hidden><fieldset><legend>Show</legend>"
         "<label><input type=\"radio\" name=\"show\" value=\"all\" checked> all</label>";
  if (has_several)
    out << "<label><input type=\"radio\" name=\"show\" value=\"differs\"> only differences</label>";
  out << "<label><input type=\"radio\" name=\"show\" value=\"fails\"> only failures</label>"
         "</fieldset><fieldset><legend>Of</legend>"
         "<label><input type=\"checkbox\" name=\"must\"> MUST only</label></fieldset>"
         "<fieldset><legend>MQTT</legend>"
         "<label><input type=\"radio\" name=\"version\" value=\"\" checked> both</label>"
         "<label><input type=\"radio\" name=\"version\" value=\"v5\"> 5.0</label>"
         "<label><input type=\"radio\" name=\"version\" value=\"v3.1.1\"> 3.1.1</label></fieldset>"
         "<label class=\"find\">Find <input type=\"search\" name=\"find\" "
         "placeholder=\"4.4.0-1, retain, \xE2\x80\xA6\" autocomplete=\"off\"></label>"
         "<p class=\"sub\" id=\"shown\" role=\"status\"></p></form>";
}

void put_cell(Markup& out, const MatrixRow& row, std::size_t at, const std::string& target) {
  const MatrixCell& cell = row.cells[at];
  const std::string id = row.statement->id + "@" + std::to_string(at + 1);
  out << "<td class=\"cell\" data-label=\"" << target << "\"><a href=\"#" << id << "\">"
      << "<span class=\"any\">" << verdict_mark(cell.verdict) << "</span><span class=\"must\">"
      << verdict_mark(cell.must_verdict) << "</span></a>";
  if (cell.decided > 0) {
    out << "<span class=\"sub\">";
    if (cell.verdict != ConformVerdict::pass) out << cell.amiss << " of ";
    out << count(cell.decided, "case") << "</span>";
  }
  if (cell.watched != nullptr && cell.watched->broken > 0)
    out << "<span class=\"sub bad\">watched: broken " << count(cell.watched->broken, "time")
        << "</span>";
  out << "</td>";
}

void put_demand(Markup& out, const ConformStatement& statement) {
  out << "<div class=\"demand\"><p>" << statement.says << "</p>";
  if (!statement.tested.empty())
    out << "<p><b>How it is tested.</b> " << statement.tested << "</p>";
  if (!statement.pitfalls.empty())
    out << "<p><b>What goes wrong.</b> " << statement.pitfalls << "</p>";
  out << "<p class=\"sub\">Section " << statement.section << ", " << statement.title << "; obliges "
      << (statement.obliges == "both" ? std::string("both sides") : statement.obliges)
      << "</p></div>";
}

void put_row(Markup& out, const MatrixRow& row, const std::vector<ConformResults>& targets,
             Evidence& evidence) {
  const ConformStatement& statement = *row.statement;
  const std::size_t slash = statement.id.find('/');
  out << "<tr class=\"statement\" id=\"" << statement.id << "\" data-version=\""
      << statement.id.substr(0, slash) << "\" data-any=\""
      << (row.differs ? Literal("differs ") : Literal(""))
      << (row.fails ? Literal("fails") : Literal("")) << "\" data-must=\""
      << (row.must_differs ? Literal("differs ") : Literal(""))
      << (row.must_fails ? Literal("fails") : Literal("")) << "\" data-level=\"" << statement.level
      << "\"><th scope=\"row\"><a href=\"#" << statement.id << "\"><span class=\"version\">"
      << statement.id.substr(0, slash) << "/</span>" << statement.id.substr(slash + 1)
      << "</a><span class=\"sub\">" << upper(statement.level) << "</span></th><td class=\"says\">"
      << statement.says << "</td>";
  for (std::size_t i = 0; i < row.cells.size(); ++i) put_cell(out, row, i, name_of(targets[i]));
  out << "</tr>\n<tr class=\"detail" << (row.fails ? Literal(" troubled") : Literal(""))
      << "\"><td colspan=\"" << row.cells.size() + 2 << "\">";
  put_demand(out, statement);
  for (std::size_t i = 0; i < row.cells.size(); ++i) out << evidence.of(row, i);
  out << "</td></tr>\n";
}

}  // namespace

Markup matrix_section(const std::vector<ConformResults>& targets,
                      const std::vector<MatrixGroup>& groups) {
  Evidence evidence(targets);
  Markup out;
  out << "<section id=\"matrix\"><h2>Statement by statement</h2>";
  put_filters(out, targets.size() > 1);
  out << "<div class=\"matrix\"><table class=\"statements\"><caption>Each cell opens its evidence."
         "</caption><thead><tr><th scope=\"col\">Statement</th>"
         "<th scope=\"col\" class=\"says\">Demands</th>";
  for (const ConformResults& results : targets)
    out << "<th scope=\"col\" class=\"cell\">" << name_of(results) << "</th>";
  out << "</tr></thead>\n";
  for (const MatrixGroup& group : groups) {
    out << "<tbody><tr class=\"group\"><th scope=\"rowgroup\" colspan=\"" << targets.size() + 2
        << "\">" << (group.version == "v5" ? Literal("MQTT 5.0, ") : Literal("MQTT 3.1.1, "))
        << group.section << " " << group.title << "</th></tr>\n";
    for (const MatrixRow& row : group.rows) put_row(out, row, targets, evidence);
    out << "</tbody>\n";
  }
  out << "</table></div><p class=\"legend sub\">";
  for (int at = 0; at < conform_verdicts; ++at)
    out << verdict_mark(static_cast<ConformVerdict>(at)) << " ";
  out << "</p></section>\n";
  return out;
}

}  // namespace mq::report
