#include "conformance/runner/statements.h"

#include <algorithm>
#include <set>

#include "scenarios/language/document.h"

namespace mq::conformance {
namespace {

using scenario::Entry;
using scenario::in_quotes;
using scenario::Node;
using scenario::Problems;

constexpr std::string_view keys[] = {"id",      "section",  "title",   "level",
                                     "obliges", "broker",   "client",  "says",
                                     "tested",  "pitfalls", "no_case", "related"};

std::string* text_of(Statement& statement, std::string_view key) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"section", &statement.section}, {"title", &statement.title},
      {"obliges", &statement.obliges}, {"broker", &statement.broker},
      {"client", &statement.client},   {"says", &statement.says},
      {"tested", &statement.tested},   {"pitfalls", &statement.pitfalls},
      {"no_case", &statement.no_case}};
  for (const auto& [name, text] : texts)
    if (name == key) return text;
  return nullptr;
}

class StatementReader {
 public:
  StatementReader(Version version, Problems& problems) : version_(version), problems_(problems) {}

  void entry(const Node& node, std::vector<Statement>& statements) {
    if (node.kind != Node::Kind::map) return fail(node, "expected a statement, `- id: MQTT-...`");
    Statement statement{.id = {.version = version_}};
    for (const Entry& one : node.entries) key(one, statement);
    if (statement.id.clause.empty()) return fail(node, "a statement has an id");
    if (statement.says.empty()) return fail(node, "a statement says something: `says:`");
    if (!known_.insert(statement.id.clause).second)
      return fail(node, in_quotes(statement.id.clause) + " is there twice");
    statements.push_back(std::move(statement));
  }

 private:
  void fail(const Node& node, std::string text) {
    problems_.push_back({node.line, node.column, std::move(text)});
  }

  void key(const Entry& entry, Statement& statement) {
    const std::string& name = entry.key.text;
    if (name == "related") {
      for (const Node& item : entry.value.items) statement.related.push_back({version_, item.text});
      return;
    }
    if (entry.value.kind != Node::Kind::scalar) return fail(entry.value, "expected a text");
    const std::string& text = entry.value.text;
    if (name == "id") {
      if (!text.starts_with("MQTT-")) fail(entry.value, "expected an id such as MQTT-4.3.2-1");
      statement.id.clause = text;
    } else if (name == "level") {
      const Level levels[] = {Level::must, Level::should, Level::may};
      const auto* found = std::find_if(std::begin(levels), std::end(levels), [&](Level level) {
        return text == mq::conformance::name(level);
      });
      if (found == std::end(levels)) return fail(entry.value, "expected must, should or may");
      statement.level = *found;
    } else if (std::string* into = text_of(statement, name)) {
      *into = text.substr(0, text.find_last_not_of('\n') + 1);
    } else {
      fail(entry.key, in_quotes(name) + " is no key of a statement" +
                          scenario::suggestion(name, {std::begin(keys), std::end(keys)}));
    }
  }

  const Version version_;
  Problems& problems_;
  std::set<std::string> known_;
};

}  // namespace

Problems read_statements(std::string_view yaml, Version version,
                         std::vector<Statement>& statements) {
  Problems problems;
  const scenario::Document document = scenario::read_document(yaml, problems);
  if (!document.is_whole) return problems;
  if (document.root.kind != Node::Kind::list) {
    problems.push_back({1, 1, "expected a list of statements"});
    return problems;
  }
  StatementReader reader(version, problems);
  for (const Node& node : document.root.items) reader.entry(node, statements);
  return problems;
}

const Statement* find(const std::vector<Statement>& statements, const StatementId& id) {
  const auto found = std::find_if(statements.begin(), statements.end(),
                                  [&](const Statement& one) { return one.id == id; });
  return found == statements.end() ? nullptr : &*found;
}

}  // namespace mq::conformance
