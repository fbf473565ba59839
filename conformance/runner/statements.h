// The table of normative statements (conformance/statements), as it is read into the program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/case.h"
#include "scenarios/language/problem.h"

namespace mq::conformance {

struct Statement {
  StatementId id;
  std::string section;
  std::string title;
  Level level = Level::must;
  std::string obliges;  // client, server, both
  std::string broker;   // how a broker is checked for it: none, passive, direct, neg, ...
  std::string client;
  std::string says;
  std::string tested;
  std::string pitfalls;
  std::string no_case;  // why nobody can check it; empty if somebody can
  std::vector<StatementId> related;
};

scenario::Problems read_statements(std::string_view yaml, Version version,
                                   std::vector<Statement>& statements);

// Nothing if the table has no such statement.
const Statement* find(const std::vector<Statement>& statements, const StatementId& id);

}  // namespace mq::conformance
