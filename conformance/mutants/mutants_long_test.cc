// Every fault, against every case that names what it breaks; and all cases without a fault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>

#include "conformance/mutants/mutated_backend.h"
#include "conformance/mutants/proof.h"
#include "conformance/runner/ours.h"
#include "conformance/runner/suite.h"

namespace mq::conformance {
namespace {

std::set<std::string> lines_of(const std::string& file) {
  std::ifstream in(MQ_SOURCE_DIR "/conformance/mutants/" + file);
  std::set<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line[0] != '#') lines.insert(line);
  return lines;
}

TEST(Mutants, ABrokerWithoutAFaultPassesEveryCase) {
  const Library library = embedded_library();
  const Between between = [](sim::BrokerBackend& broker) {
    return std::make_unique<MutatedBackend>(broker, Behaviour{});
  };
  for (const Case* one : selected(library, {.skip = {"tag:long"}})) {
    const Outcome outcome = play_against_ours(*one, 1, between);
    EXPECT_EQ(outcome.verdict, Verdict::pass)
        << one->id << (outcome.failure ? " " + outcome.failure->got : "");
  }
}

// survivors.txt may only shrink: what is seen has to be taken out.
TEST(Mutants, EveryFaultIsSeenByACaseThatNamesWhatItBreaks) {
  const Library library = embedded_library();
  const Proof proof(library);
  const Faults faults = all_faults();
  std::set<std::string> survivors;
  std::size_t pairs = 0;
  std::size_t seen_faults = 0;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    bool is_seen = true;
    for (const auto& [statement, seen_by] : proof.of_fault(i)) {
      ++pairs;
      is_seen &= !seen_by.empty();
      if (seen_by.empty()) survivors.insert(statement + ": " + faults[i].name);
    }
    seen_faults += is_seen ? 1 : 0;
  }
  std::cout << seen_faults << " of " << faults.size() << " faults are seen by a case that names "
            << "what they break, " << pairs - survivors.size() << " of " << pairs
            << " pairs of fault and statement\n";
  EXPECT_THAT(survivors, testing::ElementsAreArray(lines_of("survivors.txt")));
  EXPECT_GE(seen_faults * 100, faults.size() * 95);
}

// Of a thousand cases so many fail with a fault of the statements that they assert. The number may
// only grow. With MQ_VERBOSE the others are named.
constexpr std::size_t biting_of_a_thousand = 925;

TEST(Mutants, NearlyAllCasesFailWithAFaultOfTheirStatements) {
  const Library library = embedded_library();
  const auto never = Proof(library).never_failing();
  const std::size_t all = selected(library, {.skip = {"tag:long"}}).size();
  const std::size_t biting = all - never.size();
  std::cout << biting << " of " << all << " cases fail with some fault\n";
  if (std::getenv("MQ_VERBOSE") != nullptr)
    for (const Case* one : never) std::cout << "  " << one->id << "\n";
  EXPECT_GE(biting * 1000, all * biting_of_a_thousand);
}

// unbroken.txt: statements without a fault, with the reason behind a colon. It may only shrink.
TEST(Mutants, EveryStatementThatABrokerCanBreakIsBroken) {
  const Library library = embedded_library();
  std::set<std::string> broken;
  for (const Fault& fault : all_faults())
    for (const std::string& statement : statements_of(fault)) broken.insert(statement);
  std::set<std::string> unbroken;
  for (const Statement& statement : library.statements) {
    if (statement.broker == "none" || !statement.no_case.empty()) continue;
    if (!broken.contains(to_text(statement.id))) unbroken.insert(to_text(statement.id));
  }
  std::set<std::string> allowed;
  for (const std::string& line : lines_of("unbroken.txt"))
    allowed.insert(line.substr(0, line.find(": ")));
  EXPECT_THAT(unbroken, testing::ElementsAreArray(allowed));
}

}  // namespace
}  // namespace mq::conformance
