#include "conformance/mutants/proof.h"

#include <algorithm>
#include <memory>
#include <sstream>

#include "conformance/mutants/mutated_backend.h"
#include "conformance/runner/ours.h"

namespace mq::conformance {

std::vector<std::string> statements_of(const Fault& fault) {
  std::istringstream words(fault.breaks);
  std::vector<std::string> all;
  for (std::string word; words >> word;) all.push_back(word);
  return all;
}

Proof::Proof(const Library& library) {
  for (const Case& one : library.cases) {
    const bool is_long = std::find(one.tags.begin(), one.tags.end(), "long") != one.tags.end();
    if (is_long || one.role != Role::broker) continue;
    for (const StatementId& id : one.asserts) cases_[to_text(id)].push_back(&one);
  }
}

namespace {

// Whether the case says that something is wrong; advice that was not followed counts too.
bool sees(const Case& one, std::size_t fault) {
  // Each run gets the fault anew: it may remember what it saw.
  const Between between = [fault](sim::BrokerBackend& broker) {
    return std::make_unique<MutatedBackend>(broker, all_faults().at(fault).behaviour);
  };
  Across across = next_to_ours();
  across.web_socket = all_faults().at(fault).web_socket;
  const Verdict verdict = play_against_ours(one, 1, between, across).verdict;
  return verdict == Verdict::fail || verdict == Verdict::non_strict;
}

}  // namespace

std::map<std::string, std::string> Proof::of_fault(std::size_t number) const {
  std::map<std::string, std::string> seen_by;
  std::map<const Case*, bool> known;
  for (const std::string& statement : statements_of(all_faults().at(number))) {
    std::string& seen = seen_by[statement];
    const auto cases = cases_.find(statement);
    if (cases == cases_.end()) continue;
    for (const Case* one : cases->second) {
      const auto [answer, is_new] = known.try_emplace(one);
      if (is_new) answer->second = sees(*one, number);
      if (answer->second) seen = one->id;
      if (!seen.empty()) break;
    }
  }
  return seen_by;
}

std::vector<const Case*> Proof::never_failing() const {
  std::map<const Case*, bool> fails;
  const Faults faults = all_faults();
  for (std::size_t i = 0; i < faults.size(); ++i)
    for (const std::string& statement : statements_of(faults[i]))
      if (const auto cases = cases_.find(statement); cases != cases_.end())
        for (const Case* one : cases->second) {
          bool& known = fails[one];
          known = known || sees(*one, i);
        }
  std::vector<const Case*> all;
  for (const auto& [one, is_seen] : fails)
    if (!is_seen) all.push_back(one);
  std::sort(all.begin(), all.end(), [](const Case* a, const Case* b) { return a->id < b->id; });
  return all;
}

}  // namespace mq::conformance
