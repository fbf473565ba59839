#include "reports/conform/matrix.h"

#include <algorithm>
#include <map>
#include <set>

namespace mq::report {
namespace {

using V = ConformVerdict;

bool is_failure(std::optional<V> verdict) {
  return verdict && (is_trouble(*verdict) || *verdict == V::known);
}

// What a reader compares: whether it was kept, not why it could not be tried.
int compared(std::optional<V> verdict) {
  if (!verdict || *verdict == V::not_applicable || *verdict == V::skipped) return -1;
  return static_cast<int>(*verdict == V::known ? V::fail : *verdict);
}

// Whether targets that were tried came to different ends.
bool differ(const std::vector<MatrixCell>& cells, const auto& verdict_of) {
  std::set<int> kinds;
  for (const MatrixCell& cell : cells)
    if (const int kind = compared(verdict_of(cell)); kind >= 0) kinds.insert(kind);
  return kinds.size() > 1;
}

using ByStatement = std::map<std::string_view, std::vector<const ConformJudged*>>;

ByStatement by_statement(const ConformResults& results) {
  ByStatement all;
  for (const ConformJudged& one : results.judged)
    for (const std::string& id : one.statements) all[id].push_back(&one);
  return all;
}

MatrixCell cell_of(const ConformStatement& statement, const ConformResults& results,
                   const ByStatement& judged) {
  MatrixCell cell;
  const auto found = judged.find(statement.id);
  if (found != judged.end()) cell.judged = found->second;
  cell.verdict = gravest(cell.judged);
  std::vector<const ConformJudged*> musts;
  for (const ConformJudged* one : cell.judged) {
    if (one->level == "must") musts.push_back(one);
    cell.decided += is_decided(one->verdict) ? 1 : 0;
    cell.amiss += cell.verdict == one->verdict ? 1 : 0;
  }
  cell.must_verdict = gravest(musts);
  const bool is_client =
      std::any_of(results.judged.begin(), results.judged.end(),
                  [](const auto& one) { return one.of == ConformJudged::Of::client; });
  const auto watched =
      std::find_if(results.watched.begin(), results.watched.end(),
                   [&](const ConformWatched& one) { return one.statement == statement.id; });
  if (watched != results.watched.end()) cell.watched = &*watched;
  cell.can_be_checked = is_client ? statement.can_check_client : statement.can_check_broker;
  return cell;
}

std::string first_levels(const std::string& section) {
  const std::size_t dot = section.find('.');
  if (dot == std::string::npos) return section;
  return section.substr(0, section.find('.', dot + 1));
}

// What a part of the standard is about; its own heading is that of its first statement.
std::string title_of(const std::string& version, const std::string& section,
                     const std::string& otherwise) {
  static const std::map<std::string, std::string, std::less<>> titles = {
      {"1.5", "Texts"},
      {"2.1", "Fixed header"},
      {"2.2", "Packet identifier"},
      {"3.1", "CONNECT"},
      {"3.2", "CONNACK"},
      {"3.3", "PUBLISH"},
      {"3.4", "PUBACK"},
      {"3.5", "PUBREC"},
      {"3.6", "PUBREL"},
      {"3.7", "PUBCOMP"},
      {"3.8", "SUBSCRIBE"},
      {"3.9", "SUBACK"},
      {"3.10", "UNSUBSCRIBE"},
      {"3.11", "UNSUBACK"},
      {"3.12", "PINGREQ"},
      {"3.14", "DISCONNECT"},
      {"3.15", "AUTH"},
      {"4.1", "Session state"},
      {"4.2", "Network connections"},
      {"4.3", "Quality of service"},
      {"4.7", "Topic names and filters"},
      {"4.13", "Errors"},
      {"6", "WebSocket"},
  };
  if (version != "v5" && section == "2.2") return "Fixed header";
  const auto found = titles.find(section);
  return found == titles.end() ? otherwise : found->second;
}

}  // namespace

bool MatrixRow::is_touched() const {
  return std::any_of(cells.begin(), cells.end(), [](const MatrixCell& cell) {
    return !cell.judged.empty() || (cell.watched != nullptr && cell.watched->broken > 0);
  });
}

std::vector<MatrixGroup> matrix_of(const std::vector<ConformResults>& targets) {
  std::vector<ByStatement> judged;
  for (const ConformResults& results : targets) judged.push_back(by_statement(results));
  const auto all = std::find_if(targets.begin(), targets.end(),
                                [](const auto& one) { return !one.statements.empty(); });
  const bool is_selection = std::all_of(targets.begin(), targets.end(),
                                        [](const auto& one) { return !one.selection.empty(); });
  std::vector<MatrixGroup> groups;
  if (all == targets.end()) return groups;
  std::vector<const ConformStatement*> statements;  // those of the newer standard first
  for (const ConformStatement& statement : all->statements) statements.push_back(&statement);
  std::stable_partition(statements.begin(), statements.end(),
                        [](const auto* one) { return one->id.starts_with("v5/"); });
  for (const ConformStatement* one : statements) {
    const ConformStatement& statement = *one;
    MatrixRow row{.statement = &statement, .cells = {}};
    for (std::size_t i = 0; i < targets.size(); ++i)
      row.cells.push_back(cell_of(statement, targets[i], judged[i]));
    if (is_selection && !row.is_touched()) continue;
    const auto verdict = [](const MatrixCell& cell) { return cell.verdict; };
    const auto must = [](const MatrixCell& cell) { return cell.must_verdict; };
    row.differs = differ(row.cells, verdict);
    row.must_differs = differ(row.cells, must);
    for (const MatrixCell& cell : row.cells) {
      row.fails = row.fails || is_failure(cell.verdict);
      row.must_fails = row.must_fails || is_failure(cell.must_verdict);
    }
    const std::string version = statement.id.substr(0, statement.id.find('/'));
    const std::string section = first_levels(statement.section);
    if (groups.empty() || groups.back().version != version || groups.back().section != section)
      groups.push_back({version, section, title_of(version, section, statement.title), {}});
    groups.back().rows.push_back(std::move(row));
  }
  return groups;
}

}  // namespace mq::report
