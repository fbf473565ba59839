// A sample of the faults; all of them are for mutants_long_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "conformance/mutants/mutated_backend.h"
#include "conformance/mutants/proof.h"
#include "conformance/runner/ours.h"
#include "conformance/runner/suite.h"

namespace mq::conformance {
namespace {

TEST(Mutants, ABrokerWithoutAFaultPasses) {
  const Library library = embedded_library();
  const Between between = [](sim::BrokerBackend& broker) {
    return std::make_unique<MutatedBackend>(broker, Behaviour{});
  };
  const auto all = selected(library, {.skip = {"tag:long"}});
  for (std::size_t i = 0; i < all.size(); i += 40) {
    const Outcome outcome = play_against_ours(*all[i], 1, between);
    EXPECT_EQ(outcome.verdict, Verdict::pass)
        << all[i]->id << (outcome.failure ? " " + outcome.failure->got : "");
  }
}

TEST(Mutants, AFaultIsSeenByACaseThatNamesWhatItBreaks) {
  const Library library = embedded_library();
  const Proof proof(library);
  const Faults faults = all_faults();
  for (std::size_t i = 0; i < faults.size(); i += faults.size() / 25)
    for (const auto& [statement, seen_by] : proof.of_fault(i))
      EXPECT_NE(seen_by, "") << statement << ": no case sees a broker that " << faults[i].name;
}

TEST(Mutants, EveryFaultHasANameOfItsOwnAndBreaksWhatExists) {
  const Library library = embedded_library();
  std::set<std::string> known;
  for (const Statement& statement : library.statements) known.insert(to_text(statement.id));
  std::set<std::string> names;
  for (const Fault& fault : all_faults()) {
    EXPECT_TRUE(names.insert(fault.name).second) << fault.name;
    EXPECT_THAT(statements_of(fault), testing::Not(testing::IsEmpty())) << fault.name;
    for (const std::string& statement : statements_of(fault))
      EXPECT_TRUE(known.contains(statement)) << fault.name << ": " << statement;
  }
}

}  // namespace
}  // namespace mq::conformance
