#include "conformance/runner/parse.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "conformance/runner/needs.h"
#include "conformance/runner/steps.h"

namespace mq::conformance {
namespace {

using scenario::in_quotes;
using scenario::Problem;
using scenario::Problems;

constexpr std::string_view header_keys[] = {"asserts", "versions", "kind",  "level", "tags",
                                            "needs",   "config",   "alone", "role"};

// What a message quotes of the file must not move a terminal's cursor.
std::optional<Problem> control_byte(std::string_view text) {
  std::size_t line = 1, column = 1;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F)
      return Problem{line, column, "a control byte: this is no text file"};
    line += c == '\n' ? 1 : 0;
    column = c == '\n' ? 1 : column + 1;
  }
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> listed(std::string_view text) {
  std::vector<std::string> items;
  std::string item;
  for (char c : text) {
    if (c != ',') {
      item += c;
      continue;
    }
    if (!trimmed(item).empty()) items.emplace_back(trimmed(item));
    item.clear();
  }
  if (!trimmed(item).empty()) items.emplace_back(trimmed(item));
  return items;
}

struct Row {
  std::map<std::string, std::string> cells;
  std::size_t line = 0;
};

// A case as it stands in the file, before versions and rows.
struct Draft {
  std::string name;
  std::string title;
  std::size_t line = 0;
  std::map<std::string, std::pair<std::string, Place>, std::less<>> headers;
  std::vector<std::string> columns;
  std::vector<Row> rows;
  std::vector<Line> steps;
};

std::string filled(std::string text, const Row* row) {
  if (row == nullptr) return text;
  for (const auto& [column, cell] : row->cells) {
    const std::string mark = "<" + column + ">";
    for (std::size_t at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + cell.size()))
      text.replace(at, mark.size(), cell);
  }
  return text;
}

class CaseReader {
 public:
  CaseReader(const CaseFile& file, std::vector<Case>& cases) : file_(file), cases_(cases) {
    for (const Case& one : cases) ids_.insert(one.id);
  }

  Problems all() {
    std::vector<Draft> drafts = drafted();
    for (const Draft& draft : drafts) {
      if (draft.columns.empty())
        make(draft, nullptr);
      else
        for (const Row& row : draft.rows) make(draft, &row);
    }
    return std::move(problems_);
  }

 private:
  void fail(Place place, std::string text) {
    const Problem problem{place.line, place.column, std::move(text)};
    if (std::find(problems_.begin(), problems_.end(), problem) == problems_.end())
      problems_.push_back(problem);  // once, not for every row and version
  }

  std::vector<Draft> drafted() {
    std::vector<Draft> drafts;
    std::string_view rest = file_.text;
    for (std::size_t number = 1; !rest.empty(); ++number) {
      const std::size_t end = rest.find('\n');
      const std::string_view line = rest.substr(0, end);
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
      const std::string_view text = trimmed(line);
      if (text.empty() || text.front() == '#') continue;
      const Place place{number, static_cast<std::size_t>(text.data() - line.data()) + 1};
      if (text.starts_with("case ")) {
        drafts.push_back(begun(text, place));
      } else if (drafts.empty()) {
        fail(place, "expected `case NAME: a sentence`, found " + in_quotes(text));
        return drafts;
      } else {
        add(drafts.back(), text, place);
      }
    }
    return drafts;
  }

  Draft begun(std::string_view text, Place place) {
    const std::size_t colon = text.find(": ");
    Draft draft{.line = place.line};
    if (colon == std::string_view::npos) {
      fail(place, "expected `case NAME: a sentence that says what must hold`");
      return draft;
    }
    draft.name = trimmed(text.substr(5, colon - 5));
    draft.title = trimmed(text.substr(colon + 2));
    const bool is_plain =
        draft.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
    if (draft.name.empty() || !is_plain)
      fail(place, "a name is made of a-z, 0-9 and -, found " + in_quotes(draft.name));
    return draft;
  }

  void add(Draft& draft, std::string_view text, Place place) {
    if (text.front() == '|') return add_row(draft, text, place);
    if (draft.steps.empty()) {
      for (std::string_view key : header_keys) {
        if (!text.starts_with(key) || text.substr(key.size(), 1) != ":") continue;
        if (draft.headers.contains(key)) fail(place, in_quotes(key) + " is there twice");
        draft.headers[std::string(key)] = {std::string(trimmed(text.substr(key.size() + 1))),
                                           place};
        return;
      }
    }
    draft.steps.push_back({std::string(text), place});
  }

  void add_row(Draft& draft, std::string_view text, Place place) {
    std::vector<std::string> cells;
    std::string cell;
    const std::string padded = std::string(text) + " ";
    for (std::size_t at = 2; at < padded.size(); ++at) {
      if (padded.compare(at, 2, "| ") == 0 && padded[at - 1] == ' ') {
        cells.emplace_back(trimmed(cell));
        cell.clear();
        ++at;
      } else {
        cell += padded[at];
      }
    }
    if (!trimmed(cell).empty()) fail(place, "a row of a table ends with ` |`");
    if (draft.columns.empty()) {
      draft.columns = cells;
      if (std::find(cells.begin(), cells.end(), "name") == cells.end())
        fail(place, "a table has a column `name`: it becomes part of the case's id");
      return;
    }
    if (cells.size() != draft.columns.size())
      return fail(place, "the table has " + std::to_string(draft.columns.size()) +
                             " columns, cut at ` | `; this row has " +
                             std::to_string(cells.size()));
    Row row{.line = place.line};
    for (std::size_t at = 0; at < cells.size(); ++at) row.cells[draft.columns[at]] = cells[at];
    draft.rows.push_back(std::move(row));
  }

  std::pair<std::string, Place> header(const Draft& draft, std::string_view key, const Row* row) {
    const auto found = draft.headers.find(key);
    if (found == draft.headers.end()) return {"", Place{draft.line, 1}};
    return {filled(found->second.first, row), found->second.second};
  }

  std::vector<StatementId> statements(const Draft& draft, const Row* row) {
    const auto [text, place] = header(draft, "asserts", row);
    std::vector<StatementId> ids;
    for (const std::string& item : listed(text)) {
      const auto id = statement_named(item);
      if (id)
        ids.push_back(*id);
      else
        fail(place, "a statement is named as v5/MQTT-4.3.2-1 or v3.1.1/MQTT-4.3.2-1, found " +
                        in_quotes(item));
    }
    if (ids.empty()) fail(place, "a case says which statements it asserts: `asserts: v5/MQTT-...`");
    return ids;
  }

  void make(const Draft& draft, const Row* row) {
    const std::vector<StatementId> asserts = statements(draft, row);
    for (const Version version : {Version::v5, Version::v3_1_1}) {
      Case one{.version = version, .file = file_.name, .place = {draft.line, 1}};
      for (const StatementId& id : asserts)
        if (id.version == version) one.asserts.push_back(id);
      if (one.asserts.empty() || !is_for(draft, row, version)) continue;
      one.role = role_of(draft, row);
      one.id = std::string(version == Version::v5 ? "v5/" : "v3.1.1/") +
               (one.role == Role::client ? "client/" : "") + draft.name;
      if (row != nullptr) {
        const auto cell = row->cells.find("name");
        if (cell != row->cells.end()) one.id += "/" + cell->second;
        one.place.line = row->line;
      }
      one.title = filled(draft.title, row);
      read_headers(draft, row, one);
      std::vector<Line> lines = draft.steps;
      for (Line& line : lines) line.text = filled(line.text, row);
      for (const Problem& problem : read_steps(lines, version, one.role, one.steps))
        fail({problem.line, problem.column}, problem.text);
      if (one.steps.empty() && problems_.empty()) fail(one.place, "a case has steps");
      if (!ids_.insert(one.id).second) fail(one.place, "there is a case " + one.id + " already");
      cases_.push_back(std::move(one));
    }
  }

  Role role_of(const Draft& draft, const Row* row) {
    const auto [text, place] = header(draft, "role", row);
    if (!text.empty() && text != "client" && text != "broker")
      fail(place, "expected broker or client, found " + in_quotes(text));
    return text == "client" ? Role::client : Role::broker;
  }

  bool is_for(const Draft& draft, const Row* row, Version version) {
    const auto [text, place] = header(draft, "versions", row);
    if (text.empty()) return true;
    bool found = false;
    for (const std::string& item : listed(text)) {
      if (item != "5" && item != "3.1.1") fail(place, "expected 5, 3.1.1 or both");
      found |= item == (version == Version::v5 ? "5" : "3.1.1");
    }
    return found;
  }

  void read_headers(const Draft& draft, const Row* row, Case& one) {
    const auto [kind, kind_at] = header(draft, "kind", row);
    bool found = kind.empty();
    for (auto known : {CaseKind::direct, CaseKind::negative, CaseKind::time, CaseKind::cfg}) {
      if (kind != name(known)) continue;
      one.kind = known;
      found = true;
    }
    if (!found) fail(kind_at, "expected direct, negative, time or cfg, found " + in_quotes(kind));
    const auto [level, level_at] = header(draft, "level", row);
    found = level.empty();
    for (auto known : {Level::must, Level::should, Level::may}) {
      if (level != name(known)) continue;
      one.level = known;
      found = true;
    }
    if (!found) fail(level_at, "expected must, should or may, found " + in_quotes(level));
    one.tags = listed(header(draft, "tags", row).first);
    one.config = listed(header(draft, "config", row).first);
    const auto [needs, needs_at] = header(draft, "needs", row);
    one.needs = listed(needs);
    for (const std::string& need : one.needs)
      if (const std::string why = need_fault(need); !why.empty()) fail(needs_at, why);
    const auto [alone, alone_at] = header(draft, "alone", row);
    if (!alone.empty() && alone != "yes") fail(alone_at, "expected yes, found " + in_quotes(alone));
    one.runs_alone = alone == "yes";
  }

  const CaseFile& file_;
  std::vector<Case>& cases_;
  std::set<std::string> ids_;
  Problems problems_;
};

}  // namespace

Problems read_cases(const CaseFile& file, std::vector<Case>& cases) {
  if (const auto problem = control_byte(file.text)) return {*problem};
  return CaseReader(file, cases).all();
}

}  // namespace mq::conformance
